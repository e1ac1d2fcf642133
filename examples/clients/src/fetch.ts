/** patron with nothing but `fetch`. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { CustomersDocument, pageOf, unknownFilter } from './operations';
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
  // Failures are in `errors`, whatever the status; so there is one way to handle them.
  const { data, errors } = await response.json();
  if (errors) throw new GraphqlError(errors);
  return data;
}

/** Asks; when the access token has expired, gets another one and asks once more. */
async function query<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> {
  try {
    return await send(document, variables);
  } catch (error) {
    if (!(error instanceof GraphqlError && error.has('UNAUTHENTICATED'))) throw error;
    await session.refresh();
    return send(document, variables);
  }
}

// Page by page, until all are there.
const emails: string[] = [];
for (let page = 1, total = Infinity; emails.length < total; page++) {
  const { customers } = await query(CustomersDocument, { filters: pageOf(page, 2) });
  if (customers.items.length === 0) break; // Some were deleted meanwhile.
  emails.push(...customers.items.map((customer) => customer.email));
  total = customers.total;
}
console.log('customers:', emails.join(' '));

// Decide by the code; the message is for people.
try {
  await query(CustomersDocument, { filters: unknownFilter });
} catch (error) {
  if (!(error instanceof GraphqlError && error.has('VALIDATION_FAILED'))) throw error;
  console.log('refused:', error.message);
}

await session.untilExpired();
const { customers } = await query(CustomersDocument, { filters: pageOf(1, 1) });
console.log('after expiry:', customers.total);
