// Mutations of fields, arguments, directives, fragments and operations; see mutate.mjs.
import { Kind, parse } from 'graphql';
import { changing, nodesOf } from './nodes.mjs';
import { nameNode } from './values.mjs';

const FIELDS = ['id', 'uuid', 'name', 'code', 'fullName', 'nodes', 'customers', 'provinces', '__typename', 'nothing'];
const ARGUMENTS = ['id', 'first', 'countries', 'filter', 'filters', 'namespace', 'nothing'];
const CONDITIONS = [
  'Query', 'Customer', 'CustomerGroup', 'Node', 'Country', 'Province', 'String', 'FilterInput', 'Nothing',
];

/** The selections of the first definition of a document. */
const selections = (text) => parse(text, { noLocation: true }).definitions[0].selectionSet.selections;
const directive = (text) => selections(`{ a ${text} }`)[0].directives[0];
const definitions = (text) => parse(text, { noLocation: true }).definitions;

const DIRECTIVES = [
  '@skip(if: true)', '@include(if: false)', '@skip(if: false)', '@include(if: true)', '@skip',
  '@include(if: "true")', '@include(if: null)', '@include(when: true)', '@mine', '@deprecated', '@skip(if: $v0)',
  '@include(if: true, if: true)',
];
const HARMLESS = ['@skip(if: false)', '@include(if: true)', '@include(if: false)'];
const SELECTIONS = [Kind.FIELD, Kind.FRAGMENT_SPREAD, Kind.INLINE_FRAGMENT];
const DEFINITIONS = [Kind.OPERATION_DEFINITION, Kind.FRAGMENT_DEFINITION, Kind.VARIABLE_DEFINITION];
const hasArguments = (node) => (node.arguments ?? []).length > 0;

/** Adds a selection to the list of the node, at its start or its end. */
const addSelection = (at, selection, isFirst = false) => {
  if (isFirst) at.parent.unshift(selection);
  else at.parent.push(selection);
};

export const documentMutations = {
  otherField: changing([Kind.FIELD], ({ node }, random) => { node.name = nameNode(random.pick(FIELDS)); }),
  misspellField: changing([Kind.FIELD], ({ node }) => { node.name = nameNode(`${node.name.value}x`); }),
  addField: changing([Kind.FIELD], (at, random) => {
    addSelection(at, { kind: Kind.FIELD, name: nameNode(random.pick(FIELDS)) });
  }),
  sameFieldAgain: changing([Kind.FIELD], (at) => addSelection(at, at.node)),
  otherFieldUnderSameName: changing([Kind.FIELD], (at, random) => {
    const alias = at.node.alias ?? at.node.name;
    addSelection(at, { kind: Kind.FIELD, alias, name: nameNode(random.pick(FIELDS)) }, random.chance(0.5));
  }),
  conflictInsideFragment: changing([Kind.FIELD], (at, random) => {
    const alias = at.node.alias ?? at.node.name;
    const field = { kind: Kind.FIELD, alias, name: nameNode(random.pick(FIELDS)) };
    addSelection(at, { kind: Kind.INLINE_FRAGMENT, selectionSet: { kind: Kind.SELECTION_SET, selections: [field] } });
  }),
  sameFieldWithoutArguments: changing([Kind.FIELD], (at) => addSelection(at, { ...at.node, arguments: [] }), hasArguments),
  sharedAlias: (random, request) => {
    const fields = nodesOf(request.document, Kind.FIELD);
    if (fields.length === 0) return false;
    const names = fields.map(({ node }) => (node.alias ?? node.name).value);
    random.pick(fields).node.alias = nameNode(random.pick(names));
    return true;
  },
  selectionOnLeaf: changing([Kind.FIELD], ({ node }) => {
    node.selectionSet = { kind: Kind.SELECTION_SET, selections: selections('{ __typename }') };
  }, (node) => node.selectionSet === undefined),
  dropSelection: changing([Kind.FIELD], ({ node }) => { delete node.selectionSet; },
    (node) => node.selectionSet !== undefined),
  dropArgument: changing([Kind.ARGUMENT], ({ key, parent }) => { parent.splice(key, 1); }),
  repeatArgument: changing([Kind.ARGUMENT], ({ node, parent }) => { parent.push(node); }),
  renameArgument: changing([Kind.ARGUMENT], ({ node }, random) => { node.name = nameNode(random.pick(ARGUMENTS)); }),
  addArgument: changing([Kind.FIELD], ({ node }, random) => {
    const value = { kind: Kind.STRING, value: 'x' };
    const argument = { kind: Kind.ARGUMENT, name: nameNode(random.pick(ARGUMENTS)), value };
    node.arguments = [...(node.arguments ?? []), argument];
  }),
  addDirective: changing(SELECTIONS, ({ node }, random) => {
    node.directives = [...node.directives ?? [], directive(random.pick(DIRECTIVES))];
  }),
  harmlessDirective: changing(SELECTIONS, ({ node }, random) => {
    node.directives = [...node.directives ?? [], directive(random.pick(HARMLESS))];
  }),
  repeatDirective: changing([Kind.DIRECTIVE], ({ node, parent }) => { parent.push(node); }),
  moveDirective: changing(DEFINITIONS, ({ node }, random) => {
    node.directives = [directive(random.pick(['@skip(if: true)', '@include(if: true)', '@deprecated']))];
  }),
  swapDirective: changing([Kind.DIRECTIVE], ({ node }) => {
    node.name = nameNode(node.name.value === 'skip' ? 'include' : 'skip');
  }),
  otherCondition: changing([Kind.INLINE_FRAGMENT, Kind.FRAGMENT_DEFINITION], ({ node }, random) => {
    node.typeCondition = { kind: Kind.NAMED_TYPE, name: nameNode(random.pick(CONDITIONS)) };
  }),
  insertInlineFragment: changing(SELECTIONS, (at, random) => {
    addSelection(at, selections(`{ ... on ${random.pick(CONDITIONS)} { __typename } }`)[0]);
  }),
  spreadAnother: changing([Kind.FRAGMENT_SPREAD], ({ node }, random, request) => {
    const fragments = nodesOf(request.document, Kind.FRAGMENT_DEFINITION).map((at) => at.node.name.value);
    node.name = nameNode(random.pick([...fragments, 'Unknown']));
  }),
  spreadInside: changing([Kind.FRAGMENT_DEFINITION], ({ node }, random, request) => {
    const fragments = nodesOf(request.document, Kind.FRAGMENT_DEFINITION).map((at) => at.node.name.value);
    node.selectionSet.selections.push({ kind: Kind.FRAGMENT_SPREAD, name: nameNode(random.pick(fragments)) });
  }),
  dropSpread: changing([Kind.FRAGMENT_SPREAD], (at) => { at.parent[at.key] = selections('{ __typename }')[0]; }),
  repeatFragment: changing([Kind.FRAGMENT_DEFINITION], ({ node, parent }) => { parent.push(node); }),
  dropFragment: changing([Kind.FRAGMENT_DEFINITION], ({ key, parent }) => { parent.splice(key, 1); }),
  addDefinition: (random, request) => {
    const text = random.pick(['fragment Unused on Query { __typename }', '{ __typename }', 'query A { __typename }',
      'query Other { __typename }', 'type Other { a: Int }',
      'query Other($x: [String]) { countries(countries: $x) { code } }']);
    request.document.definitions.push(...definitions(text));
    return true;
  },
  unusedVariable: changing([Kind.OPERATION_DEFINITION], ({ node }) => {
    const [{ variableDefinitions }] = definitions('query A($unused: Int) { a }');
    node.variableDefinitions = [...(node.variableDefinitions ?? []), ...variableDefinitions];
  }),
  // Only if there is no other operation: the reference would execute that one, which is a known difference.
  otherOperationType: (random, { document }) => {
    const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    if (operations.length !== 1) return false;
    operations[0].operation = random.pick(['mutation', 'subscription']);
    return true;
  },
  otherOperationName: (random, request) => {
    request.operationName = random.pick(['A', 'B', 'a', '', null, 'Unknown']);
    return true;
  },
  dropOperationName: (random, request) => {
    if (request.operationName === undefined) return false;
    delete request.operationName;
    return true;
  },
};
