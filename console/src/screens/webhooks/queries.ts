import { graphql, type ResultOf } from '../../api/graphql';

export const WebhookEndpoints = graphql(`
  query WebhookEndpoints {
    webhookEndpoints {
      uuid
      url
      description
      events
      enabled
      previousSecretExpiresAt
      createdAt
      updatedAt
      version
    }
  }
`);

/** The deliveries that wait or failed, to count those of each endpoint. */
export const WebhookQueues = graphql(`
  query WebhookQueues {
    failed: webhookDeliveries(first: 100, status: PARKED) {
      nodes {
        endpoint {
          uuid
        }
      }
      pageInfo {
        hasNextPage
      }
    }
    waiting: webhookDeliveries(first: 100, status: PENDING) {
      nodes {
        endpoint {
          uuid
        }
      }
      pageInfo {
        hasNextPage
      }
    }
  }
`);

export const DeliveryList = graphql(`
  query DeliveryList(
    $first: Int
    $after: String
    $last: Int
    $before: String
    $endpoint: String
    $status: WebhookDeliveryStatus
  ) {
    webhookDeliveries(first: $first, after: $after, last: $last, before: $before, endpoint: $endpoint, status: $status) {
      nodes {
        uuid
        status
        attempts
        responseStatus
        durationMs
        lastError
        createdAt
        nextAttemptAt
        deliveredAt
        event {
          id
          type
          version
          customer
          sequence
          fields
          data
          createdAt
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

/** The latest deliveries of an endpoint, to find a test among them. */
export const TestDelivery = graphql(`
  query TestDelivery($endpoint: String!) {
    webhookDeliveries(first: 20, endpoint: $endpoint) {
      nodes {
        uuid
        status
        responseStatus
        durationMs
        lastError
      }
    }
  }
`);

export type Endpoint = ResultOf<typeof WebhookEndpoints>['webhookEndpoints'][number];
export type Delivery = ResultOf<typeof DeliveryList>['webhookDeliveries']['nodes'][number];
export type DeliveryStatus = Delivery['status'];
type Queues = ResultOf<typeof WebhookQueues>;

/** The API allows so many endpoints. */
export const MOST = 50;

/** How many deliveries of an endpoint wait or failed: "3", or "3+" if there may be more than were read. */
export function countsOf(queues: Queues | undefined, uuid: string) {
  const count = (part: Queues['failed'] | undefined) => {
    if (!part) return null;
    const size = part.nodes.filter(({ endpoint }) => endpoint?.uuid === uuid).length;
    return size ? `${size}${part.pageInfo.hasNextPage ? '+' : ''}` : null;
  };
  return { failed: count(queues?.failed), waiting: count(queues?.waiting) };
}
