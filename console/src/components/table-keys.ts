import type { RefObject } from 'react';
import { useShortcut } from '../shell/shortcuts';

/** The shortcuts of a list: `j` and `k` move the focus between rows, `x` selects, `e` opens. */
export function useTableKeys({
  body,
  enabled,
  onSelect,
  onOpen,
}: {
  body: RefObject<HTMLTableSectionElement | null>;
  enabled: boolean;
  onSelect?: (id: string) => void;
  onOpen?: (id: string) => void;
}) {
  const active = () => document.activeElement?.closest<HTMLTableRowElement>('tr[data-id]') ?? null;
  const move = (step: number) => {
    const rows = [...(body.current?.rows ?? [])].filter((row) => row.dataset.id);
    const row = active();
    const at = row ? rows.indexOf(row) : -1;
    const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, at + step));
    rows[next]?.focus({ preventScroll: true });
    rows[next]?.scrollIntoView({ block: 'nearest' });
  };
  const withActive = (run?: (id: string) => void) => () => {
    const id = active()?.dataset.id;
    if (id) run?.(id);
  };
  useShortcut('j', 'Next row', () => move(1), { group: 'List', enabled });
  useShortcut('k', 'Previous row', () => move(-1), { group: 'List', enabled });
  useShortcut('x', 'Select the row', withActive(onSelect), { group: 'List', enabled: enabled && Boolean(onSelect) });
  useShortcut('e', 'Edit the row', withActive(onOpen), { group: 'List', enabled: enabled && Boolean(onOpen) });
}
