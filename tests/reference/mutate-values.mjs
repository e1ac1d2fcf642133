// Mutations of literals, variable definitions and variable values; see mutate.mjs.
import { Kind, parseType, parseValue } from 'graphql';
import { changing } from './nodes.mjs';
import { nameNode } from './values.mjs';

const LITERALS = ['1', '0', '-1', '1.0', '"1"', '""', 'true', 'null', 'ASC', 'eq', '[]', '["FR"]', '[null]', '{}',
  '{eq: 1}', '2147483648', '"2024-01-31T12:00:00Z"', '"yesterday"', '[[1]]', '$v0', '$v9'];
const JSON_VALUES = [
  1, 0, -1, 1.5, 2147483648, '1', '', 'FR', true, false, null, 'ASC', [], ['FR'], [null], {}, { eq: 1 }, [['FR']],
];
const TYPES = [
  'String', 'String!', '[String]', '[String!]!', 'Int', 'Int!', 'ID', 'ID!', 'Boolean', 'Boolean!', 'DateTime',
  'CustomerFilter', 'FilterInput', '[FilterInput]', 'SortDirection', 'Country', 'Customer', 'Node', 'Nothing', 'Float',
  'JSON',
];

const misspelt = (random, name) => random.pick([`${name}s`, name.slice(0, -1) || 'x', name.toUpperCase(), `_${name}`]);
const VALUES = [Kind.INT, Kind.STRING, Kind.ENUM, Kind.BOOLEAN, Kind.NULL, Kind.LIST, Kind.OBJECT, Kind.VARIABLE];

function replace({ key, parent }, node) {
  if (parent === undefined || (parent.kind === Kind.VARIABLE_DEFINITION && key === 'variable')) return false;
  parent[key] = node;
  return true;
}

export const valueMutations = {
  literal: changing(VALUES, (at, random) => replace(at, parseValue(random.pick(LITERALS)))),
  nullLiteral: changing(VALUES, (at) => replace(at, { kind: Kind.NULL })),
  wrapInList: changing(VALUES, (at) => replace(at, { kind: Kind.LIST, values: [at.node] })),
  unwrapList: changing([Kind.LIST], (at) => at.node.values.length > 0 && replace(at, at.node.values[0])),
  enumAsString: changing([Kind.ENUM], (at) => replace(at, { kind: Kind.STRING, value: at.node.value })),
  misspellEnum: changing([Kind.ENUM], (at, random) => { at.node.value = misspelt(random, at.node.value); }),
  stringAsEnum: changing([Kind.STRING], (at) =>
    /^[A-Za-z]+$/.test(at.node.value) && replace(at, { kind: Kind.ENUM, value: at.node.value })),
  intAsString: changing([Kind.INT], (at) => replace(at, { kind: Kind.STRING, value: at.node.value })),
  repeatInputField: changing([Kind.OBJECT], ({ node }, random) => {
    if (node.fields.length === 0) return false;
    node.fields = [...node.fields, random.pick(node.fields)];
  }),
  dropInputField: changing([Kind.OBJECT], ({ node }, random) => {
    if (node.fields.length === 0) return false;
    const dropped = random.pick(node.fields);
    node.fields = node.fields.filter((field) => field !== dropped);
  }),
  misspellInputField: changing([Kind.OBJECT_FIELD], ({ node }, random) => {
    node.name = nameNode(misspelt(random, node.name.value));
  }),
  addInputField: changing([Kind.OBJECT], ({ node }, random) => {
    const name = nameNode(random.pick(['nothing', 'eq', 'keyword', 'direction', 'value']));
    node.fields = [...node.fields, { kind: Kind.OBJECT_FIELD, name, value: parseValue(random.pick(LITERALS)) }];
  }),
};

/** A mutation of the variable values: `change(random, variables, name)` changes the variable with this name. */
const changingValues = (change) => (random, request) => {
  const names = Object.keys(request.variables);
  if (names.length === 0) return false;
  change(random, request.variables, random.pick(names));
  return true;
};

export const variableMutations = {
  dropValue: changingValues((random, variables, name) => { delete variables[name]; }),
  nullValue: changingValues((random, variables, name) => { variables[name] = null; }),
  otherValue: changingValues((random, variables, name) => { variables[name] = random.pick(JSON_VALUES); }),
  wrapValue: changingValues((random, variables, name) => { variables[name] = [variables[name]]; }),
  valueAsText: changingValues((random, variables, name) => { variables[name] = JSON.stringify(variables[name]); }),
  extraValue: (random, request) => { request.variables.extra = random.pick(JSON_VALUES); return true; },
  otherType: changing([Kind.VARIABLE_DEFINITION], ({ node }, random) => {
    node.type = parseType(random.pick(TYPES), { noLocation: true });
  }),
  nullability: changing([Kind.VARIABLE_DEFINITION], ({ node }) => {
    node.type = node.type.kind === Kind.NON_NULL_TYPE ? node.type.type : { kind: Kind.NON_NULL_TYPE, type: node.type };
  }),
  listType: changing([Kind.VARIABLE_DEFINITION], ({ node }) => {
    node.type = { kind: Kind.LIST_TYPE, type: node.type };
  }),
  otherDefault: changing([Kind.VARIABLE_DEFINITION], ({ node }, random) => {
    node.defaultValue = parseValue(random.pick(LITERALS.filter((text) => !text.startsWith('$'))));
  }),
  dropDefault: changing([Kind.VARIABLE_DEFINITION], ({ node }) => { delete node.defaultValue; },
    (node) => node.defaultValue !== undefined),
  dropDefinition: changing([Kind.VARIABLE_DEFINITION], ({ key, parent }) => { parent.splice(key, 1); }),
  repeatDefinition: changing([Kind.VARIABLE_DEFINITION], ({ node, parent }) => { parent.push(node); }),
  otherVariable: changing([Kind.VARIABLE], ({ node }, random) => {
    node.name = nameNode(random.pick(['v0', 'v1', 'v2', 'V0', 'v9']));
  }),
};
