import { Button } from '../../components/button';
import { ArrowDown, ArrowUp } from '../../components/icons';
import { Menu } from '../../components/popover';
import { COLUMNS } from './columns';
import type { CustomerList } from './use-list';

/** The order, where the table has no header: on a phone. */
export function SortMenu({ list }: { list: CustomerList }) {
  const { sort } = list;
  return (
    <span className="customers-sort">
      <Menu
        label="Sort by"
        trigger={(props) => (
          <Button icon={sort && !sort.descending ? <ArrowUp /> : <ArrowDown />} {...props}>
            Sort
          </Button>
        )}
        items={COLUMNS.filter(({ isSortable }) => isSortable).map((column) => {
          const isSorted = sort?.column === column.id;
          const descending = isSorted ? !sort.descending : Boolean(column.isDescendingFirst);
          return {
            label: column.label,
            icon: isSorted && (sort.descending ? <ArrowDown /> : <ArrowUp />),
            checked: isSorted,
            onSelect: () => list.setSort({ column: column.id, descending }),
          };
        })}
      />
    </span>
  );
}
