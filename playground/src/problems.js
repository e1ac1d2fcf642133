// What went wrong, in words, and what to do about it.

/** A failure without an answer. */
export const NO_ANSWER = { status: 0 };

/** What of an answer is needed to explain it. */
export function failureOf(response, answer) {
  return {
    status: response.status,
    retryAfter: Number(response.headers.get('Retry-After')) || null,
    message: answer?.error?.message ?? answer?.errors?.[0]?.message,
    requestId: response.headers.get('X-Request-Id'),
  };
}

/**
 * {title, text, signIn}: signIn is 'admin' or 'customer' where a new token would help.
 * `doing` is 'signIn' or 'query', `kind` whose token it was about.
 */
export function explain({ status, retryAfter, message, requestId }, doing, kind) {
  const again = `Try again ${wait(retryAfter)}.`;
  switch (status) {
    case 0:
      return {
        title: 'No answer',
        text: `${location.host} did not answer. Check that patron is running and your connection is up, then try again. If patron was restarted as a demo, its accounts are new: sign in again.`,
      };
    case 401:
      if (doing === 'signIn') {
        return {
          title: 'Not signed in',
          text: 'The e-mail address or the password is wrong, or the account is disabled. After a wrong password the account is refused for a second, then for longer each time: even the right one.',
        };
      }
      return {
        title: 'Token refused',
        text: 'The access token has expired or was revoked, its account is disabled, or it is not one of this server. Sign in again for a new one.',
        signIn: kind ?? 'customer',
      };
    case 429:
      return {
        title: 'Too many attempts',
        text: `patron slows down whoever guesses. ${again} Your password may well be right.`,
      };
    case 503:
      return {
        title: 'Not available',
        text: `patron is busy, or can't reach its database. ${again}`,
      };
    default:
      return {
        title: `Answer ${status}`,
        text: [
          message ? `patron says: ${message}.` : 'The answer was not patron\'s: is there a proxy in between?',
          status >= 500 && requestId ? `In its log this is request ${requestId}.` : '',
        ].join(' '),
      };
  }
}

/** The same for a query that ran and was refused a field. */
export function explainErrors(errors, session) {
  const codes = new Set(errors?.map((error) => error.extensions?.code));
  if (codes.has('UNAUTHENTICATED') || codes.has('FORBIDDEN')) {
    return {
      title: 'For admins',
      text: session
        ? `You are signed in as ${session.email}; something in this query is shown to admins only.`
        : 'Something in this query is shown to admins only, and you are not signed in.',
      signIn: 'admin',
    };
  }
  return null;
}

function wait(seconds) {
  if (!(seconds > 0)) return 'in a moment';
  const words = new Intl.RelativeTimeFormat('en');
  return seconds < 90
    ? words.format(Math.ceil(seconds), 'second')
    : words.format(Math.ceil(seconds / 60), 'minute');
}
