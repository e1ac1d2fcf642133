import { useRef, useState } from 'react';
import { Button, IconButton } from '../../components/button';
import { CloseIcon } from '../../components/icons';
import { useShortcut } from '../../shell/shortcuts';
import { ACTIONS, type BulkAction, customersOf, type Target } from './bulk';
import './bulk.css';
import { BulkDialog } from './bulk-dialog';
import type { CustomerRow } from './columns';
import type { Selection } from './selection';
import type { CustomerList } from './use-list';

/** What can be done with the selected customers. It floats above the list, so that nothing moves. */
export function BulkBar({
  list,
  selection,
  rows,
  total,
}: {
  list: CustomerList;
  selection: Selection;
  rows: CustomerRow[];
  total: number | undefined;
}) {
  const [running, setRunning] = useState<{ action: BulkAction; target: Target } | null>(null);
  const { selected, isEverything } = selection;
  const count = isEverything ? (total ?? 0) : selected.size;
  const actions = useRef<HTMLSpanElement>(null);
  useShortcut('b', 'Actions for the selected rows', () => actions.current?.querySelector('button')?.focus(), {
    group: 'List',
    enabled: count > 0,
  });
  useShortcut('Escape', 'Clear the selection', selection.clear, { group: 'List', enabled: count > 0 });
  const isPageSelected = rows.every(({ uuid }) => selected.has(uuid));
  const hasMore = total !== undefined && total > rows.length && !list.problems.length;
  const target: Target = isEverything ? { filter: list.filter } : { uuids: [...selected] };
  return (
    <>
      <p className="unseen" role="status">
        {count > 0 && `${customersOf(count)} selected`}
      </p>
      {count > 0 && (
        <div className="customers-bulk" role="group" aria-label="Selected customers">
          <span className="customers-bulk-count">
            <strong>{count.toLocaleString('en')} selected</strong>
            {!isEverything && !isPageSelected && (
              <button type="button" className="link" onClick={() => selection.add(rows)}>
                Select this page
              </button>
            )}
            {!isEverything && isPageSelected && hasMore && (
              <button type="button" className="link" onClick={selection.selectEverything}>
                Select all {total.toLocaleString('en')}
              </button>
            )}
          </span>
          <span ref={actions} className="customers-bulk-actions">
            {(Object.keys(ACTIONS) as BulkAction[]).map((action) => (
              <Button
                key={action}
                small
                className={ACTIONS[action].danger ? 'customers-bulk-danger' : undefined}
                onClick={() => setRunning({ action, target })}
              >
                {ACTIONS[action].label}
              </Button>
            ))}
          </span>
          <IconButton label="Clear the selection" onClick={selection.clear}>
            <CloseIcon />
          </IconButton>
        </div>
      )}
      {running && (
        <BulkDialog
          {...running}
          groups={list.frame.groups ?? []}
          names={selection.names}
          onClose={() => setRunning(null)}
          onDone={(failed) => selection.replace(failed)}
        />
      )}
    </>
  );
}
