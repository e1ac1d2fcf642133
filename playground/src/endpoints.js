import { explain, explainErrors, failureOf, NO_ANSWER } from './problems.js';
import { freshToken, getSession, isOurs } from './session.js';

// Relative on purpose: the page only ever talks to the server it came from.
const STOREFRONT = '/api/graphql';
const BACK_OFFICE = '/api/admin/graphql';

/** How GraphiQL names its own question for the schema. */
export const SCHEMA_QUERY = 'PlaygroundSchema';

/** Where the queries of whoever is signed in go. */
export const endpointOf = (session) =>
  session?.kind === 'admin' ? BACK_OFFICE : STOREFRONT;

/**
 * What GraphiQL calls for every query and for the introspection.
 *
 * An Authorization header that somebody typed into the Headers pane is sent as it is. One that this page put there
 * stands for whoever is signed in now: the token may have been renewed since. `report` gets what a failure means, and
 * null when there is none.
 */
export function fetcherFor(report) {
  return async (params, { headers: typed = {} } = {}) => {
    // The schema is the same for all, and a bad token must not cost the documentation.
    if (params.operationName === SCHEMA_QUERY) return (await send(STOREFRONT, {}, params)).answer;

    const token = await freshToken();
    const session = getSession();
    const headers = new Headers(typed);
    const own = headers.get('Authorization');
    const foreign = own && !isOurs(own);
    if (!foreign) {
      headers.delete('Authorization');
      if (token) headers.set('Authorization', `Bearer ${token}`);
    }
    const path = foreign ? STOREFRONT : endpointOf(session);
    const sent = await send(path, headers, withoutStaleName(params)).catch((failure) => {
      report(explain(failure, 'query', session?.kind));
      throw new Error(`${path} gave no answer`);
    });
    if (getSession()?.since !== session?.since) {
      return { errors: [{ message: 'Somebody signed in or out meanwhile. Run it again' }] };
    }
    const { response, answer } = sent;
    const refused = !response.ok && response.status !== 400; // 400: the errors say it all
    report(
      refused
        ? explain(failureOf(response, answer), 'query', session?.kind)
        : explainErrors(answer.errors, session),
    );
    return answer;
  };
}

/**
 * GraphiQL notices a moment late that another tab is open, and would name the operation of the one before.
 */
function withoutStaleName({ operationName, ...params }) {
  const there = operationName && new RegExp(`\\b${operationName}\\b`).test(params.query);
  return there ? { ...params, operationName } : params;
}

async function send(path, headers, params) {
  const sent = new Headers(headers);
  sent.set('Accept', 'application/graphql-response+json, application/json;q=0.9');
  sent.set('Content-Type', 'application/json');
  let response;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: sent,
      body: JSON.stringify(params),
      // The token is the identity here, never a cookie of the same host.
      credentials: 'omit',
    });
  } catch {
    throw NO_ANSWER;
  }
  const text = await response.text();
  try {
    return { response, answer: JSON.parse(text) };
  } catch {
    // A proxy's error page, say. Its status tells more than a parse error.
    const message = `${path} answered ${response.status} ${response.statusText}, and not with JSON`;
    return { response, answer: { errors: [{ message }] } };
  }
}
