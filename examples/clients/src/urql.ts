/** patron with @urql/core, the client that the `urql` package wraps for React. */
import { Client, fetchExchange } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';
import type { CustomersQueryVariables } from './generated/graphql';
import { byEmail, CustomerListDocument, CustomersDocument, unknownFilter } from './operations';
import { Session } from './session';
import { settings } from './settings';

const session = await Session.logIn(settings.email, settings.password);

const client = new Client({
  url: `${settings.url}/api/admin/graphql`,
  // URLs are logged, and variables contain personal data such as names and addresses.
  preferGetMethod: false,
  exchanges: [
    // Must come before fetchExchange. No cacheExchange: a cache would not notice changes over REST.
    authExchange(async ({ appendHeaders }) => ({
      addAuthToOperation: (operation) => appendHeaders(operation, { Authorization: session.authorization }),
      didAuthError: (error) => error.graphQLErrors.some(({ extensions }) => extensions.code === 'UNAUTHENTICATED'),
      // Afterwards the failed operation is repeated; other operations wait.
      refreshAuth: () => session.refresh(),
    })),
    fetchExchange,
  ],
});

// Load all pages: each response contains the cursor for the next one.
const emails: string[] = [];
let variables: CustomersQueryVariables = { first: 2, sort: byEmail };
for (let hasNextPage = true; hasNextPage; ) {
  const { data, error } = await client.query(CustomersDocument, variables);
  if (error || !data) throw error;
  const { nodes, pageInfo } = data.customersConnection;
  emails.push(...nodes.map((customer) => customer.email));
  variables = { ...variables, after: pageInfo.endCursor };
  hasNextPage = pageInfo.hasNextPage;
}
console.log('customers:', emails.join(' '));

// Decide by the code; the message is for people.
const { error } = await client.query(CustomerListDocument, { filters: unknownFilter });
const refusal = error?.graphQLErrors.find(({ extensions }) => extensions.code === 'VALIDATION_FAILED');
if (!refusal) throw error ?? new Error('an unknown filter was accepted');
console.log('refused:', refusal.message);

await session.untilExpired();
const { data, error: lastError } = await client.query(CustomersDocument, { first: 0 });
if (lastError || !data) throw lastError;
console.log('after expiry:', data.customersConnection.totalCount);
