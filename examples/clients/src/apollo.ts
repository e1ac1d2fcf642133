/** patron with Apollo Client, without React. */
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client/core';
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { SetContextLink } from '@apollo/client/link/context';
import { ErrorLink } from '@apollo/client/link/error';
import { relayStylePagination } from '@apollo/client/utilities';
import { from, switchMap } from 'rxjs';
import { byEmail, CustomerEdgesDocument, CustomerListDocument, unknownFilter } from './operations';
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
  cache: new InMemoryCache({
    typePolicies: {
      // Customers are known by their uuid; the rest has no identity of its own.
      Customer: { keyFields: ['uuid'] },
      // Pages of one filter and order become one list.
      Query: { fields: { customersConnection: relayStylePagination(['filter', 'sort']) } },
    },
  }),
  // What REST changes, a cache here would not notice.
  defaultOptions: { query: { fetchPolicy: 'network-only' } },
});

// Page by page, until there is no next one; the cache joins them.
const firstPage = { query: CustomerEdgesDocument, variables: { first: 2, sort: byEmail } };
const list = client.watchQuery(firstPage);
let { data: page } = await list.refetch(); // Asks the server, whatever the cache has.
while (page?.customersConnection.pageInfo.hasNextPage) {
  const after = page.customersConnection.pageInfo.endCursor;
  ({ data: page } = await list.fetchMore({ variables: { after } }));
}
const all = client.readQuery(firstPage);
if (!all) throw new Error('the cache has no list');
console.log('customers:', all.customersConnection.edges.map(({ node }) => node.email).join(' '));

// Decide by the code; the message is for people.
try {
  await client.query({ query: CustomerListDocument, variables: { filters: unknownFilter } });
} catch (error) {
  const refusal = problem(error, 'VALIDATION_FAILED');
  if (!refusal) throw error;
  console.log('refused:', refusal.message);
}

await session.untilExpired();
const { data } = await client.query({ query: CustomerEdgesDocument, variables: { first: 0 } });
if (!data) throw new Error('no data'); // With errorPolicy 'none', failures are thrown.
console.log('after expiry:', data.customersConnection.totalCount);
