import { useEffect, useMemo } from 'react';
import { useGraphql } from '../../api/graphql';
import type { Column, Sort } from '../../components/column';
import { useCursor } from '../../components/pager';
import { useSearch } from '../../router';
import { readSetting, writeSetting } from '../../storage';
import { columnsOf, type CustomerRow, INITIAL_COLUMNS, SORT_FIELDS } from './columns';
import { readFilters, toCustomerFilter } from './filters';
import { CountryNames, CustomerRows, useListFrame } from './queries';

export const PAGE_SIZE = 50;
const SETTING = 'columns:customers';

const sameList = (a: string[], b: string[]) => a.length === b.length && a.every((each, at) => each === b[at]);

/** The columns of the URL, otherwise those that this browser used last, which then are written into the URL. */
function useColumns(all: Column<CustomerRow>[]) {
  const [params, change] = useSearch();
  const inUrl = params.get('columns')?.split(',');
  // A saved view without columns has the initial ones.
  const isView = params.has('view');
  const stored = useMemo(() => readSetting<unknown>(SETTING, null), [inUrl === undefined, isView]);
  const own = !inUrl && !isView && Array.isArray(stored) ? stored.map(String) : undefined;
  const text = own?.join(',');
  useEffect(() => {
    if (text) change((next) => next.set('columns', text), { replace: true });
  }, [text, change]);
  const wanted = inUrl ?? own ?? INITIAL_COLUMNS;
  const known = new Set(all.map(({ id }) => id));
  const order = ['name', ...wanted.filter((id, at) => id !== 'name' && known.has(id) && wanted.indexOf(id) === at)];
  const setOrder = (next: string[] | null) => {
    const chosen = next && !sameList(next, INITIAL_COLUMNS) ? next : null;
    if (!isView) writeSetting(SETTING, chosen);
    change((search) => (chosen ? search.set('columns', chosen.join(',')) : search.delete('columns')), { replace: true });
  };
  return { order, setOrder, needsFields: wanted.some((id) => id.includes('.')) };
}

function readSort(text: string | null): Sort | null {
  const column = text?.replace(/^-/, '') ?? '';
  return column in SORT_FIELDS ? { column, descending: text!.startsWith('-') } : null;
}

/** Everything about the list that is in the URL, and its rows. */
export function useCustomerList() {
  const [params, change] = useSearch();
  const frame = useListFrame();
  const needsCountries = params.has('country');
  const countries = useGraphql(CountryNames, {}, { enabled: needsCountries, staleTime: Infinity }).data;
  const countryNames = useMemo(
    () => countries && new Map(countries.allowedCountries.map(({ code, name }) => [code, name])),
    [countries],
  );
  const columns = useMemo(() => columnsOf(frame.definitions), [frame.definitions]);
  const { order, setOrder, needsFields } = useColumns(columns);

  const keyword = params.get('q')?.trim() ?? '';
  const filters = readFilters(params, { groups: frame.groups, definitions: frame.definitions, countryNames });
  const problems = filters.filter(({ problem }) => problem);
  // Only the filters by custom fields have to wait for their definitions.
  const isUnresolved = filters.some(({ condition, problem }) => !condition && !problem);
  const filter = toCustomerFilter(keyword, filters);
  const sort = readSort(params.get('sort'));
  const { variables, pager, reset, isFirst } = useCursor(PAGE_SIZE);
  const rows = useGraphql(
    CustomerRows,
    {
      ...variables,
      filter,
      sort: sort ? [{ field: SORT_FIELDS[sort.column as keyof typeof SORT_FIELDS], direction: sort.descending ? 'DESC' : 'ASC' }] : undefined,
      withAddresses: order.includes('addresses'),
      withFields: needsFields,
    },
    { keepPrevious: true, enabled: !isUnresolved },
  );

  /** Changes the query of the URL and returns to the first page. */
  const update = (edit: (next: URLSearchParams) => void, options?: { replace?: boolean }) =>
    change((next) => {
      edit(next);
      next.delete('after');
      next.delete('before');
    }, options);

  return {
    params,
    frame,
    countryNames,
    columns,
    order,
    setOrder,
    keyword,
    filters,
    problems,
    filter,
    isFiltered: Boolean(keyword || filters.length),
    sort,
    setSort: (next: Sort) => update((search) => search.set('sort', (next.descending ? '-' : '') + next.column)),
    setFilter: (param: string, values: string[]) =>
      update((search) => {
        search.delete(param);
        for (const value of values) search.append(param, value);
      }),
    removeFilters: (names: string[]) => update((search) => names.forEach((name) => search.delete(name))),
    setKeyword: (text: string) =>
      update((search) => (text.trim() ? search.set('q', text.trim()) : search.delete('q')), { replace: true }),
    clear: () =>
      update((search) => {
        for (const name of [...search.keys()]) if (name !== 'columns' && name !== 'sort') search.delete(name);
      }),
    rows,
    retry: () => void (isUnresolved ? frame.refetch() : rows.refetch()),
    pager,
    resetPage: reset,
    isFirstPage: isFirst,
    isUnresolved,
  };
}
export type CustomerList = ReturnType<typeof useCustomerList>;
