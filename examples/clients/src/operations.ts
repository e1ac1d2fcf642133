import { graphql } from './generated';
import type { CustomerSort, FilterInput } from './generated/graphql';

/**
 * codegen generates types for the variables and the result of each `graphql(…)`.
 *
 * A cursor is a position in the order, so new and deleted customers do not shift the pages.
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

/** The same for Apollo: `relayStylePagination` merges `edges`, not `nodes`. */
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

/** The order must be the same on every page: a cursor is valid only for the order that it was created with. */
export const byEmail: CustomerSort[] = [{ field: 'EMAIL' }];

/** The list with page numbers. Its filters are strings that only the server can validate. */
export const CustomerListDocument = graphql(`
  query CustomerList($filters: [FilterInput]) {
    customers(filters: $filters) {
      total
    }
  }
`);

/** A filter that does not exist: the server responds with VALIDATION_FAILED and names the filter. */
export const unknownFilter: FilterInput[] = [{ key: 'shoe_size', operation: 'eq', value: '42' }];
