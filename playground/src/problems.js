// Explains failures to the user, and suggests what to do.

/** A failure without a response. */
export const NO_RESPONSE = { status: 0 };

/** The parts of a response that explain its failure. */
export function failureOf(response, body) {
  return {
    status: response.status,
    retryAfter: Number(response.headers.get('Retry-After')) || null,
    code: body?.error?.code,
    message: body?.error?.message ?? body?.errors?.[0]?.message,
    requestId: response.headers.get('X-Request-Id'),
  };
}

/**
 * Returns {title, text, signIn, reference}. `signIn` is 'admin' or 'customer' if a new token would help. With `reference`,
 * the REST reference helps.
 * `action` is 'signIn' or 'query', `kind` the kind of account of the token.
 */
export function explain({ status, retryAfter, code, message, requestId }, action, kind) {
  const tryAgain = `Try again ${delay(retryAfter)}.`;
  switch (status) {
    case 0:
      return {
        title: 'No response',
        text: `${location.host} did not respond. Check that patron is running and your connection is up, then try again. If patron was restarted as a demo, its accounts are new: sign in again.`,
      };
    case 401:
      if (code === 'second_factor_required') {
        return { title: 'One more step', text: 'Enter the code of your authenticator app, or a recovery code.' };
      }
      if (code === 'second_factor_invalid') {
        return {
          title: 'Not signed in',
          text: 'The code is not valid. Each code works once: wait for the next one of the app, or enter a recovery code.',
        };
      }
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

/** Explains a mutation: the schema has none. Returns null for any other operation. */
export function explainMutation(query) {
  if (!/^\s*mutation\b/m.test(query)) return null;
  return {
    title: 'Changes use the REST API',
    text: 'GraphQL only reads, so there are no mutations. The REST reference has a route for each change.',
    reference: true,
  };
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
