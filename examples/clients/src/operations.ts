import { graphql } from './generated';
import type { FilterInput } from './generated/graphql';

/** What codegen finds in `graphql(…)` gets the types of its variables and of its answer. */
export const CustomersDocument = graphql(`
  query Customers($filters: [FilterInput]) {
    customers(filters: $filters) {
      total
      items {
        uuid
        email
        fullName
      }
    }
  }
`);

/** Paging and sorting stand among the filters. A fixed order, so that no customer falls between two pages. */
export function pageOf(page: number, limit: number): FilterInput[] {
  return [
    { key: 'ob', operation: 'eq', value: 'email' },
    { key: 'od', operation: 'eq', value: 'asc' },
    { key: 'page', operation: 'eq', value: String(page) },
    { key: 'limit', operation: 'eq', value: String(limit) },
  ];
}

/** A filter that the server does not know: it answers VALIDATION_FAILED and names it. */
export const unknownFilter: FilterInput[] = [{ key: 'shoe_size', operation: 'eq', value: '42' }];
