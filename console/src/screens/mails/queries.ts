import { graphql, type ResultOf } from '../../api/graphql';

export const MailList = graphql(`
  query MailList($first: Int, $after: String, $last: Int, $before: String, $status: MailStatus, $customer: String) {
    mails(first: $first, after: $after, last: $last, before: $before, status: $status, customer: $customer) {
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
        customer {
          uuid
          fullName
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

/** The sizes of the queues, apart from the list so that they don't delay it. */
export const MailCounts = graphql(`
  query MailCounts {
    overview {
      mailsPending
      mailsFailed
    }
  }
`);

export const MailCustomer = graphql(`
  query MailCustomer($id: String) {
    customer(id: $id) {
      uuid
      fullName
    }
  }
`);

export type Mail = ResultOf<typeof MailList>['mails']['nodes'][number];
export type MailStatus = Mail['status'];
