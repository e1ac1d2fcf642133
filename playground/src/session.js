// Who is signed in. Everything is in variables of this file: no storage of the browser
// ever sees a token, and a reload forgets it.
import { failureOf, NO_ANSWER } from './problems.js';

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
/** Renewed this long before it expires, in milliseconds; earlier than half its life never. */
const LEAD = 60_000;
/** Tried again after this long when a renewal had no answer. */
const PAUSE = 10_000;
const LONGEST_TIMER = 2 ** 31 - 1;

let current = null;
let renewing = null;
let timer;
const issued = new Set();
const listeners = new Set();
const onEnd = new Set();

/** What React's useSyncExternalStore takes. */
export const subscribe = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
/** {kind, email, since, accessToken, refreshToken, expiresAt, renewAt}, or null for a visitor. */
export const getSession = () => current;

/** Tells why somebody is signed out who did not ask for it. */
export const subscribeToEnd = (listener) => {
  onEnd.add(listener);
  return () => onEnd.delete(listener);
};

/** Whether an Authorization header holds a token that this page fetched. */
export const isOurs = (header) => issued.has(header);

/** Signs in as 'admin' or 'customer'; throws a failure of problems.js. */
export async function signIn(kind, email, password) {
  const tokens = await post(ROUTES[kind].signIn, { email, password });
  take(kind, email, Date.now(), tokens);
}

/** A token that has not expired, renewed first if need be; null for a visitor. */
export async function freshToken() {
  if (current && Date.now() >= current.renewAt) await renew();
  return current?.accessToken ?? null;
}

/** Forgets the tokens at once, and revokes them. Throws a failure when that did not arrive. */
export async function signOut() {
  const { kind, refreshToken } = current;
  set(null);
  await post(ROUTES[kind].revoke, { refreshToken });
}

function take(kind, email, since, { accessToken, refreshToken }) {
  const { iat, exp } = claims(accessToken);
  // Counted from now: the clocks here and there may differ.
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
  if (session) wakeAt(session.renewAt);
  listeners.forEach((listener) => listener());
}

function wakeAt(moment) {
  clearTimeout(timer);
  timer = setTimeout(
    () => (Date.now() < moment ? wakeAt(moment) : renew()),
    Math.min(Math.max(moment - Date.now(), 0), LONGEST_TIMER),
  );
}

// Timers sleep with the machine; this is when it has woken up.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && current && Date.now() >= current.renewAt) renew();
});

/** One at a time: a customer's refresh token is good for one renewal. */
function renew() {
  renewing ??= renewNow().finally(() => (renewing = null));
  return renewing;
}

async function renewNow() {
  const before = current;
  const { kind, email, since, refreshToken } = before;
  try {
    const tokens = await post(ROUTES[kind].refresh, { refreshToken });
    // Signed out, or in as somebody else, meanwhile.
    if (current === before) take(kind, email, since, tokens);
  } catch (failure) {
    if (current !== before) return;
    const refused = failure.status >= 400 && failure.status < 500 && failure.status !== 429;
    if (refused) {
      set(null);
      onEnd.forEach((listener) => listener(kind));
    } else {
      wakeAt(Date.now() + Math.max(PAUSE, (failure.retryAfter ?? 0) * 1000));
    }
  }
}

async function post(path, body) {
  let response;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify(body),
      credentials: 'omit',
    });
  } catch {
    throw NO_ANSWER;
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok || !answer?.data) throw failureOf(response, answer);
  return answer.data;
}

function claims(token) {
  const payload = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
  return JSON.parse(atob(payload));
}
