import { createApiReference } from '@scalar/api-reference';
import '@scalar/api-reference/style.css';
import { getSession, subscribe } from '../../playground/src/session.js';
import './sign-in.js';
import './style.css';

const configuration = {
  url: '/api/openapi.json',
  // Absolute URLs in the example commands.
  servers: [{ url: location.origin }],
  // Services of Scalar's hosts are disabled; the policy of the page would block them as well.
  agent: { disabled: true },
  mcp: { disabled: true },
  proxyUrl: '',
  telemetry: false,
  withDefaultFonts: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  // Tokens are kept in memory and lost after a reload, as in the playground.
  persistAuth: false,
  // The properties in the order of the response.
  orderSchemaPropertiesBy: 'preserve',
  orderRequiredPropertiesFirst: false,
  defaultOpenAllTags: true,
  authentication: { preferredSecurityScheme: 'admin' },
};

const reference = createApiReference('#reference', configuration);

/** Sends the token of the signed-in account with test requests. The other kind of account has none. */
subscribe(() => {
  const session = getSession();
  const securitySchemes = { admin: { token: '' }, customer: { token: '' } };
  if (session) securitySchemes[session.kind].token = session.accessToken;
  const preferredSecurityScheme = session?.kind ?? 'admin';
  reference.updateConfiguration({ ...configuration, authentication: { preferredSecurityScheme, securitySchemes } });
});
