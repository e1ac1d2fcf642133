// Explains failures to the user, and suggests what to do.

/** A failure without a response. */
export const NO_RESPONSE = { status: 0 };

/** The parts of a response that explain its failure. */
export function failureOf(response, body) {
  return {
    status: response.status,
    retryAfter: Number(response.headers.get('Retry-After')) || null,
    message: body?.error?.message ?? body?.errors?.[0]?.message,
    requestId: response.headers.get('X-Request-Id'),
  };
}

/**
 * Returns {title, text, signIn}. `signIn` is 'admin' or 'customer' if a new token would help.
 * `action` is 'signIn' or 'query', `kind` the kind of account of the token.
 */
export function explain({ status, retryAfter, message, requestId }, action, kind) {
  const tryAgain = `Try again ${delay(retryAfter)}.`;
  switch (status) {
    case 0:
      return {
        title: 'No response',
        text: `${location.host} did not respond. Check that patron is running and your connection is up, then try again. If patron was restarted as a demo, its accounts are new: sign in again.`,
      };
    case 401:
      if (action === 'signIn') {
        return {
          title: 'Not signed in',
          text: 'The e-mail address or the password is wrong, or the account is disabled. After a wrong password, logins are blocked for one second, and longer after each further one, even with the correct password.',
        };
      }
      return {
        title: 'Token refused',
        text: 'The access token has expired or was revoked, its account is disabled, or another server issued it. Sign in again to get a new token.',
        signIn: kind ?? 'customer',
      };
    case 429:
      return {
        title: 'Too many attempts',
        text: `patron limits login attempts. ${tryAgain} The password may be correct.`,
      };
    case 503:
      return {
        title: 'Not available',
        text: `patron is busy, or its database is unavailable. ${tryAgain}`,
      };
    default:
      return {
        title: `Status ${status}`,
        text: [
          message ? `Message of patron: ${message}.` : 'The response does not come from patron. There may be a proxy in between.',
          status >= 500 && requestId ? `The request id in the log of patron is ${requestId}.` : '',
        ].join(' '),
      };
  }
}

/** Explains the errors of a query that was executed but may not read a field. */
export function explainErrors(errors, session) {
  const codes = new Set(errors?.map((error) => error.extensions?.code));
  if (codes.has('UNAUTHENTICATED') || codes.has('FORBIDDEN')) {
    return {
      title: 'For admins',
      text: session
        ? `You are signed in as ${session.email}, but a field of this query is for admins only.`
        : 'A field of this query is for admins only, and you are not signed in.',
      signIn: 'admin',
    };
  }
  return null;
}

function delay(seconds) {
  if (!(seconds > 0)) return 'later';
  const words = new Intl.RelativeTimeFormat('en');
  return seconds < 90
    ? words.format(Math.ceil(seconds), 'second')
    : words.format(Math.ceil(seconds / 60), 'minute');
}
