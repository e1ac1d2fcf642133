import { queryOptions, useQuery } from '@tanstack/react-query';
import { graphql, query, type ResultOf } from './graphql';

const GroupNames = graphql(`
  query GroupNames($filters: [FilterInput]) {
    customerGroups(filters: $filters) {
      items {
        customerGroupId
        groupName
      }
    }
  }
`);
export type Group = ResultOf<typeof GroupNames>['customerGroups']['items'][number];

const PAGE = 100;
/** At most so many groups are loaded to choose from. */
export const MOST_GROUPS = 1000;

export const groupsOptions = queryOptions({
  queryKey: ['GroupNames', 'all'],
  queryFn: async ({ signal }) => {
    const all: Group[] = [];
    for (let page = 1; all.length < MOST_GROUPS; page++) {
      const filters = Object.entries({ ob: 'name', limit: PAGE, page }).map(([key, value]) => ({
        key,
        operation: 'eq' as const,
        value: String(value),
      }));
      const { items } = (await query(GroupNames, { filters }, signal)).customerGroups;
      all.push(...items);
      if (items.length < PAGE) break;
    }
    return all;
  },
});

/** All groups by name. Undefined until they are loaded. */
export const useGroups = () => useQuery(groupsOptions).data;
