import { useEffect, useRef } from 'react';

type Selection = {
  /** The rows of this page, in their order. */
  ids: string[];
  selection?: ReadonlySet<string>;
  onSelection?: (next: Set<string>) => void;
};

/** The selection of a Table. `toggle` with `isRange` extends it from the row that was toggled last. */
export function useTableSelection({ ids, selection, onSelection }: Selection) {
  const anchor = useRef<string | null>(null);
  const selected = ids.filter((id) => selection?.has(id));
  const toggle = (id: string, isRange = false) => {
    if (!selection || !onSelection) return;
    const next = new Set(selection);
    const turnOn = !next.has(id);
    const from = anchor.current ? ids.indexOf(anchor.current) : -1;
    const to = ids.indexOf(id);
    const range = isRange && from >= 0 ? ids.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
    for (const each of range) {
      if (turnOn) next.add(each);
      else next.delete(each);
    }
    anchor.current = id;
    onSelection(next);
  };
  const toggleAll = () => {
    const isFull = selected.length === ids.length;
    const next = new Set(selection);
    for (const id of ids) {
      if (isFull) next.delete(id);
      else next.add(id);
    }
    onSelection?.(next);
  };
  return { canSelect: Boolean(selection && onSelection), selected, toggle, toggleAll };
}

/** The checkbox of the header. It is between on and off while some rows of the page are selected. */
export function SelectAll({ of, selected, onToggle }: { of: number; selected: number; onToggle: () => void }) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.indeterminate = selected > 0 && selected < of;
  });
  return (
    <label>
      <input
        ref={box}
        type="checkbox"
        aria-label="Select all rows of this page"
        checked={of > 0 && selected === of}
        onChange={onToggle}
        disabled={!of}
      />
    </label>
  );
}

/** The cell with the checkbox of a row. */
export function CheckCell({
  label,
  isChecked,
  onToggle,
}: {
  label: string;
  isChecked: boolean;
  onToggle: (isRange: boolean) => void;
}) {
  return (
    <td className="table-check">
      <label>
        <input
          type="checkbox"
          aria-label={label}
          checked={isChecked}
          onChange={(event) => onToggle((event.nativeEvent as MouseEvent).shiftKey)}
        />
      </label>
    </td>
  );
}
