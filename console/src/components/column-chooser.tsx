import { Button, IconButton } from './button';
import { ArrowDown, ArrowUp, ColumnsIcon } from './icons';
import { Popover } from './popover';
import type { Column } from './table';

/** Chooses and orders the columns of a table. */
export function ColumnChooser<Row>({
  columns,
  order,
  onChange,
}: {
  columns: Column<Row>[];
  order: string[];
  /** null: the initial columns. */
  onChange: (order: string[] | null) => void;
}) {
  const byId = new Map(columns.map((column) => [column.id, column]));
  const shown = order.flatMap((id) => byId.get(id) ?? []);
  const hidden = columns.filter(({ id }) => !order.includes(id));
  const move = (id: string, step: number) => {
    const next = order.filter((each) => each !== id);
    next.splice(order.indexOf(id) + step, 0, id);
    onChange(next);
  };
  const firstMovable = shown.findIndex(({ isFixed }) => !isFixed);
  return (
    <Popover
      label="Columns"
      align="end"
      className="column-chooser"
      trigger={(props) => (
        <Button icon={<ColumnsIcon />} {...props}>
          Columns
        </Button>
      )}
    >
      {() => (
        <>
          <ul aria-label="Columns">
            {[...shown, ...hidden].map((column) => {
              const at = order.indexOf(column.id);
              return (
                <li key={column.id}>
                  <label>
                    <input
                      type="checkbox"
                      checked={at >= 0}
                      disabled={column.isFixed}
                      onChange={() =>
                        onChange(at >= 0 ? order.filter((id) => id !== column.id) : [...order, column.id])
                      }
                    />
                    <span dir="auto">{column.label}</span>
                  </label>
                  {at >= 0 && !column.isFixed && (
                    <>
                      <IconButton label={`Move ${column.label} up`} disabled={at <= firstMovable} onClick={() => move(column.id, -1)}>
                        <ArrowUp size={14} />
                      </IconButton>
                      <IconButton
                        label={`Move ${column.label} down`}
                        disabled={at === order.length - 1}
                        onClick={() => move(column.id, 1)}
                      >
                        <ArrowDown size={14} />
                      </IconButton>
                    </>
                  )}
                </li>
              );
            })}
          </ul>
          <div className="popover-footer">
            <Button kind="plain" small onClick={() => onChange(null)}>
              Reset
            </Button>
          </div>
        </>
      )}
    </Popover>
  );
}
