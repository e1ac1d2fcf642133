import { Button } from '../../components/button';
import { EmptyState } from '../../components/empty-state';
import { PeopleIcon, SearchIcon, WarningIcon } from '../../components/icons';
import type { CustomerList } from './use-list';

/** Filters of the URL that can't be applied: an old link, or a saved view that names a deleted field. */
export function ListProblems({ list }: { list: CustomerList }) {
  const { problems } = list;
  if (!problems.length) return null;
  const remove = () => list.removeFilters(problems.map(({ param }) => param));
  return (
    <div className="notice warn customers-problems" role="status">
      <WarningIcon />
      <div className="notice-text">
        {problems.map(({ param, label, problem }) => (
          <p key={param}>
            The filter “<bdi>{label}</bdi>” does not apply. {problem}
          </p>
        ))}
        <p className="soft">
          The list shows the customers that the other filters find. Remove the filter to export them or to select all of them.
        </p>
      </div>
      <Button small onClick={remove}>
        Remove
      </Button>
    </div>
  );
}

/** Nothing found, an empty page, or no customers at all. */
export function ListEmpty({ list }: { list: CustomerList }) {
  if (!list.isFirstPage) {
    return (
      <EmptyState icon={<PeopleIcon size={24} />} title="This page is empty" action={<Button onClick={list.resetPage}>First page</Button>}>
        Its customers were deleted, or no longer match the filter.
      </EmptyState>
    );
  }
  if (list.isFiltered) {
    return (
      <EmptyState icon={<SearchIcon size={24} />} title="No customer matches" action={<Button onClick={list.clear}>Clear the search and filters</Button>}>
        {list.keyword
          ? 'The search finds parts of names, e-mail addresses, telephone numbers, cities, postcodes and address lines. All words must occur.'
          : 'All filters together must match. Remove one of them to find more.'}
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={<PeopleIcon size={24} />} title="No customers yet">
      <p>
        Customers appear here when they register in your shop with <code>POST /api/customers</code>. To take over those of another
        system, use <code>patron import</code> on the server.
      </p>
    </EmptyState>
  );
}
