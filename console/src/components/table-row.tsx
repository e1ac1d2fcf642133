import type { MouseEvent, ReactNode } from 'react';
import { href, isModified, navigate } from '../router';
import type { Column } from './column';
import { Skeleton } from './skeleton';

/** A row of a Table with its cells. A click opens it, unless it was meant for a control or selects text. */
export function TableRow({
  id,
  to,
  isSelected,
  check,
  children,
}: {
  id: string;
  to?: string;
  isSelected?: boolean;
  /** The cell with the checkbox. */
  check?: ReactNode;
  children: ReactNode;
}) {
  const onClick = (event: MouseEvent) => {
    if (!to || event.defaultPrevented) return;
    const target = event.target as Element;
    if (target.closest('a, button, input, select, textarea, label, summary, [popover], dialog')) return;
    if (String(getSelection())) return;
    if (isModified(event)) open(href(to), '_blank');
    else void navigate(to);
  };
  return (
    <tr
      data-id={id}
      tabIndex={-1}
      className={to ? 'openable' : undefined}
      data-selected={isSelected || undefined}
      onClick={onClick}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && event.target === event.currentTarget && to) void navigate(to);
      }}
    >
      {check}
      {children}
    </tr>
  );
}

/** A cell. On a phone the row is a card, and the label stands before the value. */
export function TableCell<Row>({ column, children }: { column: Column<Row>; children: ReactNode }) {
  return (
    <td
      className={[column.align, column.phone && `phone-${column.phone}`].filter(Boolean).join(' ') || undefined}
      data-label={column.label}
      style={column.width ? { maxWidth: `${column.width}ch` } : undefined}
    >
      {children}
    </td>
  );
}

/** Rows that stand for the first page while it loads. */
export function PlaceholderRows<Row>({ columns, hasCheck }: { columns: Column<Row>[]; hasCheck: boolean }) {
  return Array.from({ length: 12 }, (_, at) => (
    <tr key={at} aria-hidden="true">
      {hasCheck && <td className="table-check" />}
      {columns.map((column, index) => (
        <TableCell key={column.id} column={column}>
          <Skeleton width={index === 0 ? 18 : 8 + ((at + index) % 4) * 2} />
        </TableCell>
      ))}
    </tr>
  ));
}
