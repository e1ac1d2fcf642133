import { useRef } from 'react';
import { navigate } from '../router';
import type { Column, Sort } from './column';
import { ColumnHeader } from './table-header';
import { useTableKeys } from './table-keys';
import { useTableModel } from './table-model';
import { PlaceholderRows, TableCell, TableRow } from './table-row';
import { CheckCell, SelectAll, useTableSelection } from './table-selection';

export type { Column, Sort } from './column';

/**
 * A table of one page of rows; the server sorts, filters and pages. On a phone each row is a card.
 *
 * With `rowHref` a click on a row opens it; the first column should contain a Link to the same page. With `selection`
 * the rows have checkboxes; Shift-click selects a range. `j`, `k`, `x`, `e` and Enter work if `hasShortcuts`.
 */
export function Table<Row extends object>({
  label,
  columns,
  order,
  rows,
  rowId,
  rowHref,
  sort,
  onSort,
  selection,
  onSelection,
  isLoading,
  isStale,
  isEven,
  hasShortcuts,
  rowLabel,
}: {
  label: string;
  columns: Column<Row>[];
  /** The ids of the visible columns in their order; all if undefined. */
  order?: string[];
  /** Undefined while the first page loads. */
  rows: Row[] | undefined;
  rowId: (row: Row) => string;
  /** What a screen reader calls a row, for its checkbox. */
  rowLabel?: (row: Row) => string;
  rowHref?: (row: Row) => string;
  sort?: Sort | null;
  onSort?: (sort: Sort) => void;
  selection?: ReadonlySet<string>;
  onSelection?: (next: Set<string>) => void;
  isLoading?: boolean;
  /** The rows are of the previous page or filter while the next ones load. */
  isStale?: boolean;
  /** The widths are those of the columns, whatever the rows contain, so that nothing moves when other rows load. */
  isEven?: boolean;
  hasShortcuts?: boolean;
}) {
  const body = useRef<HTMLTableSectionElement>(null);
  const { table, shown } = useTableModel({ columns, order, rows, rowId, sort, selection });
  const visibleRows = table.getRowModel().rows;
  const ids = visibleRows.map((row) => row.id);
  const { canSelect, selected, toggle, toggleAll } = useTableSelection({ ids, selection, onSelection });
  const open = (id: string) => {
    const row = visibleRows.find((each) => each.id === id);
    if (row && rowHref) void navigate(rowHref(row.original));
  };
  useTableKeys({
    body,
    enabled: Boolean(hasShortcuts),
    onSelect: canSelect ? toggle : undefined,
    onOpen: rowHref ? open : undefined,
  });

  const total = shown.reduce((sum, { width = 16 }) => sum + width, 0);
  return (
    <div className="table-frame" data-stale={isStale || undefined}>
      <table
        className={isEven ? 'table even' : 'table'}
        aria-label={label}
        aria-busy={isLoading || isStale}
        style={isEven ? { minWidth: `calc(${total}ch + 40px)` } : undefined}
      >
        {isEven && (
          <colgroup>
            {canSelect && <col className="table-check-column" />}
            {shown.map(({ id, width = 16 }) => (
              <col key={id} style={{ width: `${(100 * width) / total}%` }} />
            ))}
          </colgroup>
        )}
        <thead>
          <tr>
            {canSelect && (
              <th className="table-check" scope="col">
                <SelectAll of={ids.length} selected={selected.length} onToggle={toggleAll} />
              </th>
            )}
            {shown.map((column) => (
              <ColumnHeader key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {!rows || isLoading ? (
            <PlaceholderRows columns={shown} hasCheck={canSelect} />
          ) : (
            visibleRows.map((row) => (
              <TableRow
                key={row.id}
                id={row.id}
                to={rowHref?.(row.original)}
                isSelected={canSelect && selection!.has(row.id)}
                check={
                  canSelect && (
                    <CheckCell
                      label={`Select ${rowLabel?.(row.original) ?? 'row'}`}
                      isChecked={selection!.has(row.id)}
                      onToggle={(isRange) => toggle(row.id, isRange)}
                    />
                  )
                }
              >
                {row.getVisibleCells().map((cell, at) => (
                  <TableCell key={cell.id} column={shown[at]!}>
                    <table.FlexRender cell={cell} />
                  </TableCell>
                ))}
              </TableRow>
            ))
          )}
        </tbody>
      </table>
    </div>
  );
}
