import { createApiReference } from '@scalar/api-reference';
import '@scalar/api-reference/style.css';

createApiReference('#reference', {
  url: '/api/openapi.json',
  // Whole URLs in the commands to copy.
  servers: [{ url: location.origin }],
  // What Scalar's own hosts offer; the page's policy would refuse it too.
  agent: { disabled: true },
  mcp: { disabled: true },
  proxyUrl: '',
  telemetry: false,
  withDefaultFonts: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  // A token is kept in memory and gone after a reload, as in the playground.
  persistAuth: false,
  // The row as it is answered: in the order of the database's columns.
  orderSchemaPropertiesBy: 'preserve',
  orderRequiredPropertiesFirst: false,
  defaultOpenAllTags: true,
});
