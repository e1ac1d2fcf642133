import type { ReactNode } from 'react';

export type Column<Row> = {
  id: string;
  label: string;
  cell: (row: Row) => ReactNode;
  /** The header sorts by this column. */
  isSortable?: boolean;
  /** The first click on the header sorts descending, for dates and numbers. */
  isDescendingFirst?: boolean;
  /** Numbers align at their end. */
  align?: 'end';
  /** Always shown, and first. */
  isFixed?: boolean;
  /** At most this wide, in characters; longer text is cut off with an ellipsis. With `isEven` the width itself. */
  width?: number;
  /** Only for screen readers, for a column of buttons. */
  isLabelHidden?: boolean;
  /**
   * On a phone, rows are cards: the value on a separate line, without its label, or not at all; a menu in the corner, a button
   * at the end of the line.
   */
  phone?: 'line' | 'plain' | 'hide' | 'corner' | 'end';
};
export type Sort = { column: string; descending: boolean };
