// The server's API, with which the parts prepare data, and check what the console really saved.
import assert from 'node:assert/strict';

export class Api {
  #token;
  constructor(url) {
    this.url = url;
  }

  /** Signs in as Grace Hopper, an admin that the first call makes: so the session of the first admin is the console's alone. */
  static async start(url, first) {
    const account = { email: 'grace@example.com', full_name: 'Grace Hopper', password: 'correct horse battery staple' };
    const api = new Api(url);
    await api.signIn(first);
    const { status } = await api.send('POST', '/api/users', account);
    assert.ok([201, 409].includes(status), `POST /api/users: ${status}`);
    return api.signIn(account);
  }
  async signIn({ email, password }) {
    this.#token = (await this.call('POST', '/api/user/tokens', { email, password })).accessToken;
    return this;
  }

  /** Sends a request. Returns the status, the headers and the members of the body, such as `data` and `error`. */
  async send(method, path, body, headers = {}) {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        'Content-Type': 'application/json',
        ...(this.#token && { Authorization: `Bearer ${this.#token}` }),
        ...headers,
      },
      body: body && JSON.stringify(body),
    });
    const content = await response.json();
    return { status: response.status, headers: response.headers, ...content };
  }
  /** Sends a REST request that has to succeed, and returns its `data`. */
  async call(method, path, body, headers) {
    const { status, data, error } = await this.send(method, path, body, headers);
    assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(error)}`);
    return data;
  }
  /** Sends a GraphQL query that has to succeed, and returns its `data`. */
  async query(query, variables = {}) {
    const { data, errors } = await this.send('POST', '/api/admin/graphql', { query, variables });
    assert.equal(errors, undefined, JSON.stringify(errors));
    return data;
  }

  /** Makes a customer; `values` are those of `POST /api/customers`. Returns its data, with `links`. */
  newCustomer(values = {}) {
    const body = { full_name: 'Mary Jackson', email: this.newEmail(), password: 'correct horse battery', ...values };
    return this.call('POST', '/api/customers', body);
  }
  newEmail() {
    return `customer-${Date.now()}-${Math.random().toString(36).slice(2, 8)}@example.com`;
  }
}
