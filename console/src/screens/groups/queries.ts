import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { type Document, graphql, query, type ResultOf } from '../../api/graphql';

export const GroupList = graphql(`
  query GroupList($filters: [FilterInput]) {
    customerGroups(filters: $filters) {
      items {
        customerGroupId
        uuid
        groupName
        version
      }
      total
    }
  }
`);

export const GroupById = graphql(`
  query GroupById($id: Int!) {
    customerGroup(id: $id) {
      customerGroupId
      uuid
      groupName
      version
    }
  }
`);

export type Group = ResultOf<typeof GroupList>['customerGroups']['items'][number];

/** The group of new customers, and of those whose group is deleted. The API does not let it be deleted. */
export const DEFAULT_GROUP = 1;
export const PAGE_SIZE = 50;

/** The filters of a page of groups, by name. */
export function filtersOf(name: string, page: number) {
  const filter = (key: string, value: string, operation: 'eq' | 'like' = 'eq') => ({ key, operation, value });
  return [
    filter('limit', String(PAGE_SIZE)),
    filter('page', String(page)),
    filter('ob', 'name'),
    ...(name ? [filter('group_name', name, 'like')] : []),
  ];
}

type Counts = Record<string, { totalCount: number }>;

/**
 * The number of customers by the ID of their group: one request with a field for each group, apart from the groups, so that
 * counting does not delay them. Undefined until counted.
 */
export function useCounts(ids: number[]): Map<number, number> | undefined {
  const fields = ids.map((id) => `g${id}: customersConnection(first: 0, filter: { groupId: { eq: ${id} } }) { totalCount }`);
  const document = `query GroupCounts { ${fields.join(' ')} }` as unknown as Document<Counts, Record<string, never>>;
  const { data } = useQuery({
    queryKey: ['GroupCounts', ids],
    queryFn: ({ signal }) => query(document, {}, signal),
    enabled: ids.length > 0,
  });
  return useMemo(
    () => data && new Map(Object.entries(data).map(([name, { totalCount }]) => [Number(name.slice(1)), totalCount])),
    [data],
  );
}
