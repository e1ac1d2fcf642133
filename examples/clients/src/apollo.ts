/** patron with Apollo Client, without React. */
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client/core';
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { SetContextLink } from '@apollo/client/link/context';
import { ErrorLink } from '@apollo/client/link/error';
import { from, switchMap } from 'rxjs';
import { CustomersDocument, pageOf, unknownFilter } from './operations';
import { Session } from './session';
import { settings } from './settings';

const session = await Session.logIn(settings.email, settings.password);

function problem(error: unknown, code: string) {
  if (!CombinedGraphQLErrors.is(error)) return undefined;
  return error.errors.find(({ extensions }) => extensions?.code === code);
}

const client = new ApolloClient({
  link: ApolloLink.from([
    // First the link that repeats, so that the one that adds the token runs again.
    new ErrorLink(({ error, operation, forward }) => {
      if (!problem(error, 'UNAUTHENTICATED')) return;
      return from(session.refresh()).pipe(switchMap(() => forward(operation)));
    }),
    new SetContextLink(({ headers }) => ({ headers: { ...headers, Authorization: session.authorization } })),
    new HttpLink({ uri: `${settings.url}/api/admin/graphql` }),
  ]),
  // Customers are known by their uuid; the rest has no identity of its own.
  cache: new InMemoryCache({ typePolicies: { Customer: { keyFields: ['uuid'] } } }),
  // What REST changes, a cache here would not notice.
  defaultOptions: { query: { fetchPolicy: 'network-only' } },
});

async function customersOf(page: number, limit: number) {
  const { data } = await client.query({ query: CustomersDocument, variables: { filters: pageOf(page, limit) } });
  if (!data) throw new Error('no data'); // With errorPolicy 'none', failures are thrown.
  return data.customers;
}

// Page by page, until all are there.
const emails: string[] = [];
for (let page = 1, total = Infinity; emails.length < total; page++) {
  const customers = await customersOf(page, 2);
  if (customers.items.length === 0) break; // Some were deleted meanwhile.
  emails.push(...customers.items.map((customer) => customer.email));
  total = customers.total;
}
console.log('customers:', emails.join(' '));

// Decide by the code; the message is for people.
try {
  await client.query({ query: CustomersDocument, variables: { filters: unknownFilter } });
} catch (error) {
  const refusal = problem(error, 'VALIDATION_FAILED');
  if (!refusal) throw error;
  console.log('refused:', refusal.message);
}

await session.untilExpired();
console.log('after expiry:', (await customersOf(1, 1)).total);
