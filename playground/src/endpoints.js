// Relative on purpose: the page only ever talks to the server it came from.
export const STOREFRONT = {
  path: '/api/graphql',
  name: 'Storefront',
  tokenLabel: 'Customer token (optional)',
};
export const BACK_OFFICE = {
  path: '/api/admin/graphql',
  name: 'Back office',
  tokenLabel: 'Admin token',
};
export const ENDPOINTS = [STOREFRONT, BACK_OFFICE];

const NO_ADMIN_TOKEN =
  'Not sent: the back office answers admins only, and there is no admin token yet. ' +
  'POST /api/user/tokens with an admin\'s email and password as JSON; ' +
  'paste data.accessToken of the answer into "Admin token" above.';

/**
 * What GraphiQL calls for every query and for the introspection.
 *
 * The token goes into the Authorization header unless the Headers pane has one
 * of its own. A request that could only be refused is answered here, with the
 * way out, instead of showing a bare 401 to somebody who has just arrived.
 */
export function fetcherFor(endpoint, token) {
  return async (params, { headers: typed = {} } = {}) => {
    const headers = new Headers({
      Accept: 'application/graphql-response+json, application/json;q=0.9',
      'Content-Type': 'application/json',
    });
    if (token) headers.set('Authorization', `Bearer ${token}`);
    for (const [name, value] of Object.entries(typed)) headers.set(name, value);

    if (endpoint === BACK_OFFICE && !headers.has('Authorization')) {
      return { errors: [{ message: NO_ADMIN_TOKEN }] };
    }

    const response = await fetch(endpoint.path, {
      method: 'POST',
      headers,
      body: JSON.stringify(params),
      // The token is the identity here, never a cookie of the same host.
      credentials: 'omit',
    });
    const body = await response.text();
    try {
      return JSON.parse(body);
    } catch {
      // A proxy's error page, say. Its status tells more than a parse error.
      throw new Error(
        `${endpoint.path} answered ${response.status} ${response.statusText}, and not with JSON`,
      );
    }
  };
}
