import { ArrowDown, ArrowUp } from './icons';
import type { Column, Sort } from './column';

/** The header of a column. It sorts by the column if that is possible. */
export function ColumnHeader<Row>({
  column,
  sort,
  onSort,
}: {
  column: Column<Row>;
  sort?: Sort | null;
  onSort?: (sort: Sort) => void;
}) {
  const isSorted = sort?.column === column.id;
  const Arrow = sort?.descending ? ArrowDown : ArrowUp;
  return (
    <th
      scope="col"
      className={column.align}
      aria-sort={isSorted ? (sort.descending ? 'descending' : 'ascending') : undefined}
    >
      {column.isSortable && onSort ? (
        <button
          type="button"
          className="table-sort"
          onClick={() => onSort({ column: column.id, descending: isSorted ? !sort.descending : Boolean(column.isDescendingFirst) })}
        >
          <span className="table-sort-label">{column.label}</span>
          <span className="table-sort-arrow">{isSorted && <Arrow size={13} />}</span>
        </button>
      ) : (
        <span className={column.isLabelHidden ? 'unseen' : 'table-sort-label'}>{column.label}</span>
      )}
    </th>
  );
}
