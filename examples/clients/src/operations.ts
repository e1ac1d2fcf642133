import { graphql } from './generated';
import type { CustomerSort, FilterInput } from './generated/graphql';

/**
 * What codegen finds in `graphql(…)` gets the types of its variables and of its answer.
 *
 * A cursor names a place in the order, so customers that come and go meanwhile do not shift the pages.
 */
export const CustomersDocument = graphql(`
  query Customers($first: Int, $after: String, $filter: CustomerFilter, $sort: [CustomerSort!]) {
    customersConnection(first: $first, after: $after, filter: $filter, sort: $sort) {
      nodes {
        uuid
        email
        fullName
      }
      pageInfo {
        hasNextPage
        endCursor
      }
      totalCount
    }
  }
`);

/** The same for Apollo, whose `relayStylePagination` joins `edges`, not `nodes`. */
export const CustomerEdgesDocument = graphql(`
  query CustomerEdges($first: Int, $after: String, $filter: CustomerFilter, $sort: [CustomerSort!]) {
    customersConnection(first: $first, after: $after, filter: $filter, sort: $sort) {
      edges {
        node {
          uuid
          email
          fullName
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
      totalCount
    }
  }
`);

/** The same on every page: a cursor fits the order that it comes from. */
export const byEmail: CustomerSort[] = [{ field: 'EMAIL' }];

/** The other list, whose filters are texts that only the server can check. */
export const CustomerListDocument = graphql(`
  query CustomerList($filters: [FilterInput]) {
    customers(filters: $filters) {
      total
    }
  }
`);

/** A filter that the server does not know: it answers VALIDATION_FAILED and names it. */
export const unknownFilter: FilterInput[] = [{ key: 'shoe_size', operation: 'eq', value: '42' }];
