// Measures a document with all fragments expanded, so that generated documents stay far below patron's limits.
import { Kind } from 'graphql';

/** Maximum rows of lists by field name; other lists have two. */
const ROWS = {
  countries: 250, allowedCountries: 250, provinces: 10, metafields: 10, metafieldDefinitions: 100, webhookEndpoints: 50, customers: 100,
  customerGroups: 100, savedViews: 50,
};
const CONNECTIONS = new Set([
  'customersConnection', 'events', 'auditEntries', 'webhookDeliveries', 'admins', 'mails',
]);
const LIMITS = { fields: 60, aliases: 10, depth: 8, complexity: 5500 };

function rows({ name: { value: name }, arguments: args = [] }) {
  const argument = (argumentName) => args.find((argument) => argument.name.value === argumentName)?.value;
  if (CONNECTIONS.has(name)) {
    const first = argument('first');
    return first?.kind === Kind.INT ? Math.max(1, Math.min(100, Number(first.value))) : 100;
  }
  const codes = name === 'countries' ? argument('countries') : undefined;
  if (codes?.kind === Kind.LIST && codes.values.length > 0) return codes.values.length;
  if (codes?.kind === Kind.STRING) return 1;
  return ROWS[name] ?? 2;
}

function measure(fragments, { selections }, spread) {
  const total = { fields: 0, aliases: 0, depth: 0, complexity: 0 };
  for (const selection of selections) {
    let part = { fields: 0, aliases: 0, depth: 0, complexity: 0 };
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const name = selection.name.value;
      const fragment = fragments.get(name);
      if (fragment !== undefined && !spread.has(name)) {
        part = measure(fragments, fragment.selectionSet, new Set([...spread, name]));
      }
    } else if (selection.selectionSet !== undefined) {
      part = measure(fragments, selection.selectionSet, spread);
    }
    if (selection.kind === Kind.FIELD) {
      part.complexity = 1 + part.complexity * rows(selection);
      part.fields += 1;
      part.depth += 1;
      part.aliases += selection.alias === undefined ? 0 : 1;
    }
    total.fields += part.fields;
    total.aliases += part.aliases;
    total.complexity += part.complexity;
    total.depth = Math.max(total.depth, part.depth);
  }
  return total;
}

/** Whether all operations and fragments of a document are small enough. */
export function isSmall(document) {
  const ofKind = (kind) => document.definitions.filter((definition) => definition.kind === kind);
  const fragments = new Map(
    ofKind(Kind.FRAGMENT_DEFINITION).map((fragment) => [fragment.name.value, fragment]),
  );
  return document.definitions.every(({ selectionSet }) => {
    if (selectionSet === undefined) return true;
    const size = measure(fragments, selectionSet, new Set());
    return Object.entries(LIMITS).every(([name, limit]) => size[name] <= limit);
  });
}
