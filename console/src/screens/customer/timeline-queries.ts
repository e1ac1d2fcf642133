import { useInfiniteQuery } from '@tanstack/react-query';
import { type Document, graphql, query, type ResultOf } from '../../api/graphql';

export const TimelineAudit = graphql(`
  query TimelineAudit($customer: String!, $actions: [String!], $first: Int!, $after: String) {
    auditEntries(first: $first, after: $after, filter: { customer: $customer, actions: $actions }) {
      nodes {
        id
        action
        actor
        admin {
          fullName
        }
        address
        userAgent
        requestId
        record
        fields
        changes
        createdAt
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);
export const TimelineMails = graphql(`
  query TimelineMails($customer: String!, $first: Int!, $after: String) {
    mails(first: $first, after: $after, customer: $customer) {
      nodes {
        uuid
        kind
        recipient
        subject
        status
        attempts
        lastError
        createdAt
        nextAttemptAt
        sentAt
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);
export const TimelineDeliveries = graphql(`
  query TimelineDeliveries($customer: String!, $first: Int!, $after: String) {
    webhookDeliveries(first: $first, after: $after, customer: $customer) {
      nodes {
        uuid
        status
        attempts
        responseStatus
        lastError
        createdAt
        nextAttemptAt
        endpoint {
          uuid
          url
          description
        }
        event {
          type
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);
export type AuditEntry = ResultOf<typeof TimelineAudit>['auditEntries']['nodes'][number];
export type Mail = ResultOf<typeof TimelineMails>['mails']['nodes'][number];
export type Delivery = ResultOf<typeof TimelineDeliveries>['webhookDeliveries']['nodes'][number];

const PAGE = 20;

type Connection<Node> = { nodes: Node[]; pageInfo: { hasNextPage: boolean; endCursor?: string | null } };
type Variables = { customer: string; first: number; after?: string | null; actions?: string[] | null };

/** The pages of one kind of event, the newest first, as far as they are loaded. */
export function useEvents<Result, Node>(
  name: string,
  document: Document<Result, Variables>,
  pick: (result: Result) => Connection<Node>,
  options: { customer: string; actions?: string[]; enabled: boolean },
) {
  const { customer, actions, enabled } = options;
  const pages = useInfiniteQuery({
    queryKey: [name, customer, actions ?? null],
    enabled,
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) =>
      pick(await query(document, { customer, first: PAGE, after: pageParam, ...(actions && { actions }) }, signal)),
    getNextPageParam: ({ pageInfo }) => (pageInfo.hasNextPage ? pageInfo.endCursor : null),
  });
  return {
    nodes: enabled ? (pages.data?.pages.flatMap(({ nodes }) => nodes) ?? []) : [],
    error: enabled ? pages.error : null,
    isLoading: enabled && pages.isPending,
    isFetchingMore: pages.isFetchingNextPage,
    hasMore: enabled && pages.hasNextPage,
    loadMore: () => void pages.fetchNextPage(),
    retry: () => void pages.refetch(),
  };
}
