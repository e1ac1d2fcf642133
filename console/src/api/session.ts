import { cancelled, Failure } from './failure';
import { getSession, nextSignIn, setSession } from './session-state';
import { claimsOf, requestTokens, type Tokens } from './session-tokens';

export { getSession, type SessionState, useSession } from './session-state';
export type { Account } from './session-tokens';

/**
 * The signed-in admin and its tokens.
 *
 * The access token is kept in memory. The refresh token is also in sessionStorage, so that a reload does not sign out; it
 * never gets into localStorage. Open tabs share their tokens over a BroadcastChannel, which is limited to this origin, so
 * that a link opened in a new tab is signed in, and that a refresh token is used once and not by every tab.
 *
 * If the session ends on the server, the status is `expired`: the page stays mounted behind a sign-in dialog, requests wait
 * in `freshToken`, and continue after the sign-in.
 */
type Times = { renewAt: number; expiresAt: number };

const KEY = 'patron-console-refresh-token';
/** Tokens are renewed this long before they expire. */
const LEAD = 60_000;

let tokens: (Tokens & Times) | null = null;
let renewing: Promise<void> | null = null;
const channel = new BroadcastChannel('patron-console');

/** Resumes the session of this tab or of another one. Called once, when the page starts. */
export async function start() {
  const stored = sessionStorage.getItem(KEY);
  if (stored) {
    const claims = claimsOf(stored);
    if (claims) {
      setSession({ account: claims.account });
      tokens = { accessToken: '', refreshToken: stored, renewAt: 0, expiresAt: 0 };
      try {
        await renew();
        // Nothing is on the screen that could be lost: the page for signing in instead of the dialog.
        if (getSession().status === 'expired') setSession({ status: 'signed-out', account: null });
        return;
      } catch {
        // The server is unreachable. The first request tries again and shows the failure.
        setSession({ status: 'signed-in' });
        return;
      }
    }
  }
  channel.postMessage({ type: 'hello' });
  await new Promise((resolve) => setTimeout(resolve, 120));
  if (getSession().status === 'starting') setSession({ status: 'signed-out' });
}

channel.onmessage = ({ data }: MessageEvent) => {
  if (data.type === 'hello' && getSession().status === 'signed-in' && tokens?.accessToken) share();
  if (data.type === 'tokens') {
    const claims = claimsOf(data.tokens.accessToken);
    const { account } = getSession();
    if (claims && (!account || claims.account.uuid === account.uuid)) accept(data.tokens, false);
  }
  if (data.type === 'signed-out' && data.account === getSession().account?.uuid) forget();
};
const share = () =>
  tokens &&
  channel.postMessage({
    type: 'tokens',
    tokens: { accessToken: tokens.accessToken, refreshToken: tokens.refreshToken },
  });

/** Signs in. Throws a failure; its code is `second_factor_required` if a code is needed as well. */
export async function signIn(email: string, password: string, code?: string) {
  accept(await requestTokens('/api/user/tokens', { email, password, ...(code && { code }) }), true);
}

/** Takes the tokens of a response, after a change of the password. */
export function accept(next: Tokens, isOwn = true) {
  const claims = claimsOf(next.accessToken);
  if (!claims) throw new Failure({ status: 0, code: 'console', message: 'The token of the response is not readable' });
  // The lifetime is counted from now, because the clock of the server may differ.
  const lifetime = claims.lifetime * 1000;
  tokens = {
    accessToken: next.accessToken,
    refreshToken: next.refreshToken,
    expiresAt: Date.now() + lifetime,
    renewAt: Date.now() + lifetime - Math.min(LEAD, lifetime / 2),
  };
  sessionStorage.setItem(KEY, next.refreshToken);
  setSession({ status: 'signed-in', account: claims.account });
  if (isOwn) share();
}

/** Forgets the session at once, in all tabs, and revokes it on the server. */
export async function signOut() {
  const refreshToken = tokens?.refreshToken;
  channel.postMessage({ type: 'signed-out', account: getSession().account?.uuid });
  forget();
  // The session is forgotten in any case. A token that could not be revoked expires.
  if (refreshToken) await requestTokens('/api/user/token/revoke', { refreshToken }).catch(() => {});
}

function forget() {
  tokens = null;
  sessionStorage.removeItem(KEY);
  setSession({ status: 'signed-out', account: null, setupRequired: false });
}

/** The server refuses the session: asks to sign in again in place. */
function expire() {
  tokens = null;
  sessionStorage.removeItem(KEY);
  setSession({ status: getSession().account ? 'expired' : 'signed-out' });
}

export function requireSetup() {
  if (!getSession().setupRequired) setSession({ setupRequired: true });
}
/** Called after the enrolment of a second factor. */
export function setupDone() {
  setSession({ setupRequired: false });
}

/** Returns a valid access token. Renews it first if necessary, and waits for the sign-in dialog if the session has ended. */
export async function freshToken(): Promise<string> {
  for (;;) {
    if (getSession().status === 'signed-in' && tokens) {
      if (Date.now() < tokens.renewAt) return tokens.accessToken;
      try {
        await renew();
      } catch (failure) {
        // Not renewed, but still valid.
        if (tokens && Date.now() < tokens.expiresAt) return tokens.accessToken;
        throw failure;
      }
    } else if (getSession().status === 'signed-out') {
      throw cancelled();
    } else {
      await nextSignIn();
    }
  }
}

/** The server refused this access token. `again` if it also refused the token before it. */
export async function refused(token: string, again: boolean) {
  if (tokens && tokens.accessToken !== token) return; // already renewed
  if (again) expire();
  else await renew();
}

/** Renews the tokens. Concurrent calls share one renewal, because a refresh token can be used only once. */
function renew(): Promise<void> {
  renewing ??= exclusively(renewNow).finally(() => (renewing = null));
  return renewing;
}

/** One tab at a time. Web locks need HTTPS or localhost; elsewhere the server tolerates a repeated refresh. */
async function exclusively(task: (before: Tokens | null) => Promise<void>) {
  const before = tokens;
  if (!navigator.locks) return task(before);
  await navigator.locks.request('patron-console-renewal', () => task(before));
}

async function renewNow(before: Tokens | null) {
  if (!before || tokens?.refreshToken !== before.refreshToken) return; // another tab was first
  try {
    accept(await requestTokens('/api/user/token/refresh', { refreshToken: before.refreshToken }));
  } catch (error) {
    const failure = error as Failure;
    if (tokens?.refreshToken !== before.refreshToken) return;
    if (failure.status >= 400 && failure.status < 500 && !failure.isRetriable) expire();
    else throw failure;
  }
}

// Requests renew the token when they need it. This keeps a page with nothing to request signed in as well, and notices a
// disabled admin when the page becomes visible again.
setInterval(() => {
  if (getSession().status === 'signed-in' && tokens && Date.now() >= tokens.renewAt) renew().catch(() => {});
}, 15_000);
