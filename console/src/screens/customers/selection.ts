import { useEffect, useRef, useState } from 'react';
import type { CustomerRow } from './columns';

/**
 * The selected customers, on all pages. Another filter clears the selection, so that nothing is selected that the list
 * doesn't show. `names` are those of the customers on the pages that were shown.
 */
export function useSelection(rows: CustomerRow[], filterKey: string) {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [isEverything, setEverything] = useState(false);
  const names = useRef(new Map<string, string>()).current;
  useEffect(() => {
    for (const { uuid, fullName } of rows) names.set(uuid, fullName);
  }, [rows, names]);
  const replace = (uuids: Iterable<string>) => {
    setSelected(new Set(uuids));
    setEverything(false);
  };
  const before = useRef(filterKey);
  useEffect(() => {
    if (before.current === filterKey) return;
    before.current = filterKey;
    replace([]);
  }, [filterKey]);
  return {
    /** With `isEverything`, the rows of this page. */
    selected: isEverything ? new Set(rows.map(({ uuid }) => uuid)) : selected,
    isEverything,
    names,
    replace,
    clear: () => replace([]),
    add: (more: CustomerRow[]) => replace([...selected, ...more.map(({ uuid }) => uuid)]),
    selectEverything: () => setEverything(true),
  };
}
export type Selection = ReturnType<typeof useSelection>;
