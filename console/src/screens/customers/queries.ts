import { useQuery } from '@tanstack/react-query';
import { graphql, useGraphql } from '../../api/graphql';
import { groupsOptions } from '../../api/groups';

/** A page of customers. Addresses are counted and custom fields read only if a column shows them. */
export const CustomerRows = graphql(`
  query CustomerRows(
    $first: Int
    $after: String
    $last: Int
    $before: String
    $filter: CustomerFilter
    $sort: [CustomerSort!]
    $withAddresses: Boolean!
    $withFields: Boolean!
  ) {
    customersConnection(first: $first, after: $after, last: $last, before: $before, filter: $filter, sort: $sort) {
      nodes {
        customerId
        uuid
        fullName
        email
        status
        emailVerifiedAt
        createdAt
        updatedAt
        lastSignInAt
        group {
          customerGroupId
          groupName
        }
        addressCount @include(if: $withAddresses)
        metafields @include(if: $withFields) {
          namespace
          key
          value
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`);

/** The number of customers, counted apart from the rows so that it doesn't delay them. */
export const CustomerTotal = graphql(`
  query CustomerTotal($filter: CustomerFilter) {
    customersConnection(first: 0, filter: $filter) {
      totalCount
    }
  }
`);

const CustomerListFrame = graphql(`
  query CustomerListFrame {
    metafieldDefinitions(ownerType: "customer") {
      uuid
      namespace
      key
      name
      type
      isList
      validations
    }
    savedViews {
      uuid
      name
      query
      version
    }
  }
`);

export const OwnViews = graphql(`
  query OwnViews {
    savedViews {
      uuid
      name
      query
      version
    }
  }
`);

export const CountryNames = graphql(`
  query CountryNames {
    allowedCountries {
      code
      name
    }
  }
`);

/** What the list is made of: groups, custom fields, own saved views. Undefined until loaded. */
export function useListFrame() {
  const { data, error, refetch } = useGraphql(CustomerListFrame, {}, { staleTime: 60_000 });
  const groups = useQuery({ ...groupsOptions, staleTime: 60_000 });
  return {
    groups: groups.data,
    definitions: data?.metafieldDefinitions,
    views: data?.savedViews,
    error: error ?? groups.error,
    refetch: () => void Promise.all([refetch(), groups.refetch()]),
  };
}

type Frame = ReturnType<typeof useListFrame>;
export type Definition = NonNullable<Frame['definitions']>[number];
export type View = NonNullable<Frame['views']>[number];
