import { explain, explainErrors, explainMutation, failureOf, NO_RESPONSE } from './problems.js';
import { freshToken, getSession, isOurs } from './session.js';

// Relative URLs: the page sends requests only to its own server.
const STOREFRONT = '/api/graphql';
const BACK_OFFICE = '/api/admin/graphql';

/** The name of GraphiQL's introspection query. */
export const SCHEMA_QUERY = 'PlaygroundSchema';

/** The endpoint for queries of the signed-in account. */
export const endpointOf = (session) =>
  session?.kind === 'admin' ? BACK_OFFICE : STOREFRONT;

/**
 * Creates the function that GraphiQL calls for every query and for the introspection.
 *
 * An Authorization header that the user typed into the Headers pane is sent unchanged. A header that this page put there
 * is replaced by the current token, which may have been renewed since. `report` receives the explanation of a failure, or
 * null.
 */
export function fetcherFor(report) {
  return async (params, { headers: typed = {} } = {}) => {
    // The schema is the same for all callers. Without a token it loads even if the token is invalid.
    if (params.operationName === SCHEMA_QUERY) return (await send(STOREFRONT, {}, params)).body;

    const token = await freshToken();
    const session = getSession();
    const headers = new Headers(typed);
    const authorization = headers.get('Authorization');
    const wasTyped = authorization && !isOurs(authorization);
    if (!wasTyped) {
      headers.delete('Authorization');
      if (token) headers.set('Authorization', `Bearer ${token}`);
    }
    const path = wasTyped ? STOREFRONT : endpointOf(session);
    const result = await send(path, headers, withoutStaleName(params)).catch((failure) => {
      report(explain(failure, 'query', session?.kind));
      throw new Error(`${path} did not respond`);
    });
    if (getSession()?.since !== session?.since) {
      return { errors: [{ message: 'The signed-in account has changed. Run the query again' }] };
    }
    const { response, body } = result;
    const isRefused = !response.ok && response.status !== 400; // the errors explain a 400
    report(
      isRefused
        ? explain(failureOf(response, body), 'query', session?.kind)
        : (explainMutation(params.query) ?? explainErrors(body.errors, session)),
    );
    return body;
  };
}

/**
 * Removes an operation name that is not in the query. After a change of the tab, GraphiQL can send the operation name of the
 * previous one.
 */
function withoutStaleName({ operationName, ...params }) {
  const isNamed = operationName && new RegExp(`\\b${operationName}\\b`).test(params.query);
  return isNamed ? { ...params, operationName } : params;
}

async function send(path, headers, params) {
  const allHeaders = new Headers(headers);
  allHeaders.set('Accept', 'application/graphql-response+json, application/json;q=0.9');
  allHeaders.set('Content-Type', 'application/json');
  let response;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: allHeaders,
      body: JSON.stringify(params),
      // Only the token authenticates; cookies of the same host are not sent.
      credentials: 'omit',
    });
  } catch {
    throw NO_RESPONSE;
  }
  const text = await response.text();
  try {
    return { response, body: JSON.parse(text) };
  } catch {
    // For example the error page of a proxy. Its status is more useful than a parse error.
    const message = `${path} responded with ${response.status} ${response.statusText}, but not with JSON`;
    return { response, body: { errors: [{ message }] } };
  }
}
