/** patron with urql; `urql` itself wraps this client for React. */
import { Client, fetchExchange } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';
import { CustomersDocument, pageOf, unknownFilter } from './operations';
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

// Page by page, until all are there.
const emails: string[] = [];
for (let page = 1, total = Infinity; emails.length < total; page++) {
  const { data, error } = await client.query(CustomersDocument, { filters: pageOf(page, 2) });
  if (error || !data) throw error;
  if (data.customers.items.length === 0) break; // Some were deleted meanwhile.
  emails.push(...data.customers.items.map((customer) => customer.email));
  total = data.customers.total;
}
console.log('customers:', emails.join(' '));

// Decide by the code; the message is for people.
const { error } = await client.query(CustomersDocument, { filters: unknownFilter });
const refusal = error?.graphQLErrors.find(({ extensions }) => extensions.code === 'VALIDATION_FAILED');
if (!refusal) throw error ?? new Error('an unknown filter was accepted');
console.log('refused:', refusal.message);

await session.untilExpired();
const { data, error: still } = await client.query(CustomersDocument, { filters: pageOf(1, 1) });
if (still || !data) throw still;
console.log('after expiry:', data.customers.total);
