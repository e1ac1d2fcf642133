import { createApiReference } from '@scalar/api-reference';
import '@scalar/api-reference/style.css';

createApiReference('#reference', {
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
});
