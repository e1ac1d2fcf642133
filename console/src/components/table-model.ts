import {
  type ColumnDef,
  columnOrderingFeature,
  columnVisibilityFeature,
  rowSelectionFeature,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useMemo } from 'react';
import type { Column, Sort } from './column';

const features = tableFeatures({
  columnOrderingFeature,
  columnVisibilityFeature,
  rowSelectionFeature,
  rowSortingFeature,
});

/** The model of a Table, by TanStack Table. Its state is that of the properties; the server sorts. */
export function useTableModel<Row extends object>({
  columns,
  order,
  rows,
  rowId,
  sort,
  selection,
}: {
  columns: Column<Row>[];
  order?: string[];
  rows: Row[] | undefined;
  rowId: (row: Row) => string;
  sort?: Sort | null;
  selection?: ReadonlySet<string>;
}) {
  const byId = useMemo(() => new Map(columns.map((column) => [column.id, column])), [columns]);
  const definitions = useMemo(
    () =>
      columns.map(
        (column): ColumnDef<typeof features, Row> => ({
          id: column.id,
          header: column.label,
          enableSorting: Boolean(column.isSortable),
          accessorFn: (row: Row) => row,
          cell: ({ row }) => column.cell(row.original),
        }),
      ),
    [columns],
  );
  const data = useMemo(() => rows ?? [], [rows]);
  const state = useMemo(() => {
    const visible = order ?? columns.map(({ id }) => id);
    return {
      columnOrder: visible,
      columnVisibility: Object.fromEntries(columns.map(({ id }) => [id, visible.includes(id)])),
      rowSelection: Object.fromEntries([...(selection ?? [])].map((id) => [id, true as const])),
      sorting: sort ? [{ id: sort.column, desc: sort.descending }] : [],
    };
  }, [columns, order, selection, sort?.column, sort?.descending]);
  const table = useTable({ features, columns: definitions, data, getRowId: rowId, manualSorting: true, state });
  return { table, shown: table.getVisibleLeafColumns().map(({ id }) => byId.get(id)!) };
}
