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

function findError(error: unknown, code: string) {
  if (!CombinedGraphQLErrors.is(error)) return undefined;
  return error.errors.find(({ extensions }) => extensions?.code === code);
}

const client = new ApolloClient({
  link: ApolloLink.from([
    // The retrying link comes first, so that the link that adds the token runs again.
    new ErrorLink(({ error, operation, forward }) => {
      if (!findError(error, 'UNAUTHENTICATED')) return;
      return from(session.refresh()).pipe(switchMap(() => forward(operation)));
    }),
    new SetContextLink(({ headers }) => ({ headers: { ...headers, Authorization: session.authorization } })),
    new HttpLink({ uri: `${settings.url}/api/admin/graphql` }),
  ]),
  cache: new InMemoryCache({
    typePolicies: {
      // Customers are identified by their uuid; other types have no key.
      Customer: { keyFields: ['uuid'] },
      // Pages with the same filter and order are merged into one list.
      Query: { fields: { customersConnection: relayStylePagination(['filter', 'sort']) } },
    },
  }),
  // A cache would not notice changes over REST.
  defaultOptions: { query: { fetchPolicy: 'network-only' } },
});

// Load all pages; the cache merges them.
const firstPage = { query: CustomerEdgesDocument, variables: { first: 2, sort: byEmail } };
const list = client.watchQuery(firstPage);
let { data: page } = await list.refetch(); // Bypasses the cache.
while (page?.customersConnection.pageInfo.hasNextPage) {
  const after = page.customersConnection.pageInfo.endCursor;
  ({ data: page } = await list.fetchMore({ variables: { after } }));
}
const all = client.readQuery(firstPage);
if (!all) throw new Error('the list is not in the cache');
console.log('customers:', all.customersConnection.edges.map(({ node }) => node.email).join(' '));

// Decide by the code; the message is for people.
try {
  await client.query({ query: CustomerListDocument, variables: { filters: unknownFilter } });
} catch (error) {
  const refusal = findError(error, 'VALIDATION_FAILED');
  if (!refusal) throw error;
  console.log('refused:', refusal.message);
}

await session.untilExpired();
const { data } = await client.query({ query: CustomerEdgesDocument, variables: { first: 0 } });
if (!data) throw new Error('no data'); // Never: with the default errorPolicy 'none', errors are thrown.
console.log('after expiry:', data.customersConnection.totalCount);
