import { setTimeout as sleep } from 'node:timers/promises';
import { settings } from './settings';

type Tokens = { accessToken: string; refreshToken: string };

async function post(path: string, body: object): Promise<Tokens> {
  const response = await fetch(settings.url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { data, error } = await response.json();
  // Every failure of the REST API has this format; `code` is for programs, `message` for people.
  if (!response.ok) throw new Error(`${error.code}: ${error.message}`);
  return data;
}

/** The tokens of an admin. The REST API issues and refreshes them, the GraphQL API accepts them. */
export class Session {
  private pendingRefresh: Promise<void> | undefined;
  private constructor(private tokens: Tokens) {}

  static async logIn(email: string, password: string): Promise<Session> {
    return new Session(await post('/api/user/tokens', { email, password }));
  }

  get authorization(): string {
    return `Bearer ${this.tokens.accessToken}`;
  }

  /** Refreshes the tokens. Concurrent calls share one request. */
  refresh(): Promise<void> {
    this.pendingRefresh ??= post('/api/user/token/refresh', { refreshToken: this.tokens.refreshToken })
      .then((tokens) => void (this.tokens = tokens))
      .finally(() => (this.pendingRefresh = undefined));
    return this.pendingRefresh;
  }

  /** For the examples only: sends queries until the access token has expired, for ten seconds at most. */
  async untilExpired(): Promise<void> {
    for (let attempt = 0; attempt < 50; attempt++) {
      const headers = { Authorization: this.authorization, 'Content-Type': 'application/json' };
      const body = JSON.stringify({ query: '{ __typename }' });
      const { status } = await fetch(`${settings.url}/api/admin/graphql`, { method: 'POST', headers, body });
      if (status === 401) return;
      await sleep(200);
    }
    throw new Error('the access token does not expire: start the server with JWT_ADMIN_TOKEN_EXPIRY=1');
  }
}
