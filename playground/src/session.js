// The signed-in account and its tokens. They are in variables of this file only: tokens are never in the storage of the
// browser, and a reload forgets them.
import { failureOf, NO_RESPONSE } from './problems.js';

const ROUTES = {
  admin: {
    signIn: '/api/user/tokens',
    refresh: '/api/user/token/refresh',
    revoke: '/api/user/token/revoke',
  },
  customer: {
    signIn: '/api/customer/tokens',
    refresh: '/api/customer/token/refresh',
    revoke: '/api/customer/token/revoke',
  },
};
/** A token is renewed this long before it expires, in milliseconds, but not before half of its lifetime. */
const LEAD = 60_000;
/** The pause before a failed renewal is tried again, in milliseconds. */
const PAUSE = 10_000;
const MAX_TIMER = 2 ** 31 - 1;

let current = null;
let renewing = null;
let timer;
const issued = new Set();
const listeners = new Set();
const onEnd = new Set();

/** Subscribes to changes of the session, for React's useSyncExternalStore. */
export const subscribe = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
/** {kind, email, since, accessToken, refreshToken, expiresAt, renewAt}, or null for a visitor. */
export const getSession = () => current;

/** Subscribes to the end of a session that the user did not end. The listener receives the kind of account. */
export const subscribeToEnd = (listener) => {
  onEnd.add(listener);
  return () => onEnd.delete(listener);
};

/** Whether an Authorization header contains a token of this page. */
export const isOurs = (header) => issued.has(header);

/** Signs in as 'admin' or 'customer', with the `code` of a second factor if one is needed. Throws a failure of problems.js. */
export async function signIn(kind, email, password, code) {
  const tokens = await post(ROUTES[kind].signIn, { email, password, ...(code && { code }) });
  store(kind, email, Date.now(), tokens);
}

/** Returns a valid token, which is renewed first if necessary, or null for a visitor. */
export async function freshToken() {
  if (current && Date.now() >= current.renewAt) await renew();
  return current?.accessToken ?? null;
}

/** Forgets the tokens at once, and revokes them. Throws a failure if they could not be revoked. */
export async function signOut() {
  const { kind, refreshToken } = current;
  set(null);
  await post(ROUTES[kind].revoke, { refreshToken });
}

function store(kind, email, since, { accessToken, refreshToken }) {
  const { iat, exp } = claims(accessToken);
  // The lifetime is counted from now, because the clock of the server may differ.
  const lifetime = (exp - iat) * 1000;
  issued.add(`Bearer ${accessToken}`);
  set({
    kind,
    email,
    since,
    accessToken,
    refreshToken,
    expiresAt: Date.now() + lifetime,
    renewAt: Date.now() + lifetime - Math.min(LEAD, lifetime / 2),
  });
}

function set(session) {
  current = session;
  clearTimeout(timer);
  if (session) scheduleRenewal(session.renewAt);
  listeners.forEach((listener) => listener());
}

function scheduleRenewal(time) {
  clearTimeout(timer);
  timer = setTimeout(
    () => (Date.now() < time ? scheduleRenewal(time) : renew()),
    Math.min(Math.max(time - Date.now(), 0), MAX_TIMER),
  );
}

// Timers stop while the machine sleeps. When it wakes up, the page becomes visible.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && current && Date.now() >= current.renewAt) renew();
});

/** Renews the tokens. Concurrent calls share one renewal, because a refresh token can be used only once. */
function renew() {
  renewing ??= renewNow().finally(() => (renewing = null));
  return renewing;
}

async function renewNow() {
  const before = current;
  const { kind, email, since, refreshToken } = before;
  try {
    const tokens = await post(ROUTES[kind].refresh, { refreshToken });
    // Ignore the tokens if the account was signed out or changed during the request.
    if (current === before) store(kind, email, since, tokens);
  } catch (failure) {
    if (current !== before) return;
    const isRefused = failure.status >= 400 && failure.status < 500 && failure.status !== 429;
    if (isRefused) {
      set(null);
      onEnd.forEach((listener) => listener(kind));
    } else {
      scheduleRenewal(Date.now() + Math.max(PAUSE, (failure.retryAfter ?? 0) * 1000));
    }
  }
}

async function post(path, input) {
  let response;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify(input),
      credentials: 'omit',
    });
  } catch {
    throw NO_RESPONSE;
  }
  const body = await response.json().catch(() => null);
  if (!response.ok || !body?.data) throw failureOf(response, body);
  return body.data;
}

function claims(token) {
  const payload = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
  return JSON.parse(atob(payload));
}
