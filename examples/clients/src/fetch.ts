/** patron with `fetch` only. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import type { CustomersQueryVariables } from './generated/graphql';
import { byEmail, CustomerListDocument, CustomersDocument, unknownFilter } from './operations';
import { Session } from './session';
import { settings } from './settings';

const session = await Session.logIn(settings.email, settings.password);

type Problem = { message: string; extensions: { code: string; details?: { field: string; message: string }[] } };

class GraphqlError extends Error {
  constructor(readonly problems: Problem[]) {
    super(problems.map((problem) => problem.message).join('; '));
  }
  has(code: string): boolean {
    return this.problems.some((problem) => problem.extensions.code === code);
  }
}

async function send<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> {
  const response = await fetch(`${settings.url}/api/admin/graphql`, {
    method: 'POST',
    headers: {
      Authorization: session.authorization,
      'Content-Type': 'application/json',
      Accept: 'application/graphql-response+json',
    },
    body: JSON.stringify({ query: print(document), variables }),
  });
  // Failures are in `errors` with every status, so they are handled in one way.
  const { data, errors } = await response.json();
  if (errors) throw new GraphqlError(errors);
  return data;
}

/** Sends a query. If the access token has expired, refreshes it and sends the query again. */
async function query<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> {
  try {
    return await send(document, variables);
  } catch (error) {
    if (!(error instanceof GraphqlError && error.has('UNAUTHENTICATED'))) throw error;
    await session.refresh();
    return send(document, variables);
  }
}

// Load all pages.
const emails: string[] = [];
const variables: CustomersQueryVariables = { first: 2, sort: byEmail };
for (let hasNextPage = true; hasNextPage; ) {
  const { nodes, pageInfo } = (await query(CustomersDocument, variables)).customersConnection;
  emails.push(...nodes.map((customer) => customer.email));
  variables.after = pageInfo.endCursor;
  hasNextPage = pageInfo.hasNextPage;
}
console.log('customers:', emails.join(' '));

// Decide by the code; the message is for people.
try {
  await query(CustomerListDocument, { filters: unknownFilter });
} catch (error) {
  if (!(error instanceof GraphqlError && error.has('VALIDATION_FAILED'))) throw error;
  console.log('refused:', error.message);
}

await session.untilExpired();
const { customersConnection } = await query(CustomersDocument, { first: 0 });
console.log('after expiry:', customersConnection.totalCount);
