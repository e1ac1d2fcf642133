// Customers for the parts of the test, and what is stored of them.
import assert from 'node:assert/strict';
import { Api } from './api.mjs';

export const PASSWORD = 'a customer of the test';
const ADDRESS = { telephone: '+49 30 1234567', country: 'DE', province: 'DE-BE', postcode: '10117', city: 'Berlin' };

/** Makes a customer with two addresses. Returns its uuid, full_name and email. */
export async function newCustomer(play, full_name = 'Ada Lovelace') {
  const { uuid, email } = await play.api.newCustomer({ full_name, password: PASSWORD });
  for (const address_1 of ['Unter den Linden 1', 'Friedrichstraße 2']) {
    await play.api.call('POST', `/api/customers/${uuid}/addresses`, { ...ADDRESS, full_name, address_1 });
  }
  return { uuid, email, full_name };
}

/** Signs a customer in, as a shop does. */
export async function signInCustomer(play, { email }, agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0') {
  const { status } = await new Api(play.url).send('POST', '/api/customer/tokens', { email, password: PASSWORD }, { 'User-Agent': agent });
  assert.equal(status, 200);
}

/** What is stored of a customer, with the custom fields by their names. Null after it was erased. */
export async function stored(play, uuid) {
  const { customer } = await play.api.query(
    `query Stored($id: String) {
      customer(id: $id) {
        email fullName status version
        group { groupName }
        sessions { id }
        metafields { namespace key value }
        addresses { uuid fullName address1 city postcode isDefault version country { code } }
      }
    }`,
    { id: uuid },
  );
  const entries = customer?.metafields.map(({ namespace, key, value }) => [`${namespace}.${key}`, value]);
  return customer && { ...customer, fields: Object.fromEntries(entries), group: customer.group.groupName };
}

/** Counts the requests of a page that match, such as `PATCH /api/customers/…`. */
export function countRequests(page, expression) {
  const requests = [];
  page.on('request', (request) => {
    const line = `${request.method()} ${new URL(request.url()).pathname}`;
    if (expression.test(line)) requests.push({ line, headers: request.headers() });
  });
  return requests;
}
