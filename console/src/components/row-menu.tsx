import { MoreIcon } from './icons';
import { Menu, type MenuItem } from './menu';

/** The menu at the end of a row of a table. `name` is the name of the row's record. */
export function RowMenu({ name, items }: { name: string; items: (MenuItem | false)[] }) {
  const label = `Actions for ${name}`;
  return (
    <Menu
      label={label}
      trigger={(props) => (
        <button type="button" className="icon-button table-menu" aria-label={label} {...props}>
          <MoreIcon />
        </button>
      )}
      items={items}
    />
  );
}
