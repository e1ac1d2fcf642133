/** patron with urql; `urql` itself wraps this client for React. */
import { Client, fetchExchange } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';
import type { CustomersQueryVariables } from './generated/graphql';
import { byEmail, CustomerListDocument, CustomersDocument, unknownFilter } from './operations';
import { Session } from './session';
import { settings } from './settings';

const session = await Session.logIn(settings.email, settings.password);

const client = new Client({
  url: `${settings.url}/api/admin/graphql`,
  // A URL ends up in logs, and variables hold names and addresses of people.
  preferGetMethod: false,
  exchanges: [
    // Before fetchExchange. No cacheExchange: what REST changes, a cache here would not notice.
    authExchange(async ({ appendHeaders }) => ({
      addAuthToOperation: (operation) => appendHeaders(operation, { Authorization: session.authorization }),
      didAuthError: (error) => error.graphQLErrors.some(({ extensions }) => extensions.code === 'UNAUTHENTICATED'),
      // The operation that failed is repeated afterwards; others wait.
      refreshAuth: () => session.refresh(),
    })),
    fetchExchange,
  ],
});

// Page by page: each answer has what the variables of the next page need.
const emails: string[] = [];
let variables: CustomersQueryVariables = { first: 2, sort: byEmail };
for (let more = true; more; ) {
  const { data, error } = await client.query(CustomersDocument, variables);
  if (error || !data) throw error;
  const { nodes, pageInfo } = data.customersConnection;
  emails.push(...nodes.map((customer) => customer.email));
  variables = { ...variables, after: pageInfo.endCursor };
  more = pageInfo.hasNextPage;
}
console.log('customers:', emails.join(' '));

// Decide by the code; the message is for people.
const { error } = await client.query(CustomerListDocument, { filters: unknownFilter });
const refusal = error?.graphQLErrors.find(({ extensions }) => extensions.code === 'VALIDATION_FAILED');
if (!refusal) throw error ?? new Error('an unknown filter was accepted');
console.log('refused:', refusal.message);

await session.untilExpired();
const { data, error: still } = await client.query(CustomersDocument, { first: 0 });
if (still || !data) throw still;
console.log('after expiry:', data.customersConnection.totalCount);
