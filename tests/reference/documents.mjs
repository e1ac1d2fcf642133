// Builds random requests. Nearly all are valid; generate.mjs drops the others, whose fields cannot be merged.
import { GraphQLNonNull, Kind, getNamedType, isInterfaceType, isLeafType, isRequiredArgument } from 'graphql';
import { jsonValue, literal, nameNode } from './values.mjs';
import { Variables } from './variables.mjs';

const ALIASES = ['a', 'b', 'c', 'name', 'code', 'uuid'];
const MAX_DEPTH = 6;
const MAX_NODES = 30;
const MAX_FRAGMENTS = 4;

const booleanNode = (value) => ({ kind: Kind.BOOLEAN, value });
const typenameNode = () => ({ kind: Kind.FIELD, name: nameNode('__typename') });
const namedType = (name) => ({ kind: Kind.NAMED_TYPE, name: nameNode(name) });

class OperationBuilder {
  nodes = 0;

  constructor(random, schema, prefix, onlyCountries, fragments) {
    Object.assign(this, { random, schema, prefix, onlyCountries, fragments, ownFragments: [] });
    this.variables = new Variables(random);
  }

  directives() {
    const { random } = this;
    if (!random.chance(0.1)) return [];
    const boolean = new GraphQLNonNull(this.schema.getType('Boolean'));
    const value = random.chance(0.5);
    const condition = this.variables.standIn(boolean, false, value) ?? booleanNode(value);
    const name = nameNode(random.pick(['skip', 'include']));
    return [{ kind: Kind.DIRECTIVE, name, arguments: [this.argumentNode('if', condition)] }];
  }

  selectionSet(type, depth) {
    const selections = [];
    const count = this.random.between(1, depth === 1 ? 3 : 4);
    for (let number = 0; number < count; number += 1) {
      selections.push(this.selection(type, depth, selections));
    }
    return { kind: Kind.SELECTION_SET, selections };
  }

  selection(type, depth, earlier) {
    const { random } = this;
    this.nodes += 1;
    const isFull = depth >= MAX_DEPTH || this.nodes >= MAX_NODES;
    const kind = random.next();
    if (!isFull && kind < 0.1) return this.spread(type, depth);
    if (!isFull && kind < (isInterfaceType(type) ? 0.5 : 0.2)) return this.inlineFragment(type, depth);
    const repeated = earlier.filter((selection) => selection.kind === Kind.FIELD && selection.selectionSet);
    if (!isFull && repeated.length > 0 && random.chance(0.25)) {
      // Repeats a field with another selection, so that the two have to be merged.
      const field = random.pick(repeated);
      const fieldType = getNamedType(type.getFields()[field.name.value].type);
      return { ...field, directives: this.directives(), selectionSet: this.selectionSet(fieldType, depth + 1) };
    }
    return this.field(type, depth, isFull);
  }

  field(type, depth, isFull) {
    const { random } = this;
    let fields = Object.values(type.getFields());
    if (depth === 1) {
      fields = fields.filter(({ name }) => (name === 'countries') === this.onlyCountries);
    } else if (isFull || random.chance(0.6)) {
      fields = fields.filter((field) => isLeafType(getNamedType(field.type)));
    }
    if (fields.length === 0 || random.chance(0.08)) return typenameNode();
    const field = random.pick(fields);
    const alias = random.chance(0.12) ? nameNode(random.pick(ALIASES)) : undefined;
    const args = field.args.filter((argument) => {
      if (argument.name === 'last' || argument.name === 'before') return false;
      const chance = { first: 1, after: 0.1, countries: 0.85, filter: 0.7, filters: 0.7, sort: 0.6 }[argument.name] ?? 0.4;
      return isRequiredArgument(argument) || random.chance(chance);
    });
    const node = {
      kind: Kind.FIELD, alias, name: nameNode(field.name), arguments: args.map((argument) => this.argument(argument)),
      directives: this.directives(),
    };
    const named = getNamedType(field.type);
    if (!isLeafType(named)) node.selectionSet = this.selectionSet(named, depth + 1);
    return node;
  }

  argument({ name, type }) {
    // The number of rows stays a literal, so that size.mjs can read it.
    if (name === 'first') return this.argumentNode(name, literal(this.random, type, this.random.between(1, 3)));
    const value = jsonValue(this.random, type, name);
    return this.argumentNode(name, literal(this.random, type, value, this.variables.standIn));
  }

  argumentNode(name, value) {
    return { kind: Kind.ARGUMENT, name: nameNode(name), value };
  }

  /** A type condition for a fragment inside `type`: the type itself, one of its implementations or interfaces. */
  condition(type) {
    if (isInterfaceType(type)) return this.random.pick([type, ...this.schema.getPossibleTypes(type)]);
    return this.random.chance(0.7) ? type : this.random.pick([type, ...type.getInterfaces()]);
  }

  inlineFragment(type, depth) {
    const condition = this.condition(type);
    const isBare = condition === type && this.random.chance(0.4);
    return {
      kind: Kind.INLINE_FRAGMENT, typeCondition: isBare ? undefined : namedType(condition.name),
      directives: this.directives(), selectionSet: this.selectionSet(condition, depth + (depth > 1 ? 1 : 0)),
    };
  }

  spread(type, depth) {
    const condition = this.condition(type);
    const usable = [...this.fragments, ...this.ownFragments].filter((fragment) => fragment.type === condition);
    let name = usable.length > 0 && this.random.chance(0.5) ? this.random.pick(usable).name : undefined;
    if (name === undefined) {
      if (this.ownFragments.length >= MAX_FRAGMENTS) return typenameNode();
      const selectionSet = this.selectionSet(condition, depth);
      // Added only when it is complete, so that it cannot spread itself.
      name = `${this.prefix}${this.ownFragments.length}`;
      const node = {
        kind: Kind.FRAGMENT_DEFINITION, name: nameNode(name), typeCondition: namedType(condition.name), selectionSet,
      };
      this.ownFragments.push({ name, type: condition, node });
    }
    return { kind: Kind.FRAGMENT_SPREAD, name: nameNode(name), directives: this.directives() };
  }

  operation(name) {
    const selectionSet = this.selectionSet(this.schema.getQueryType(), 1);
    const variableDefinitions = this.variables.definitionNodes();
    const named = name === undefined ? undefined : nameNode(name);
    return { kind: Kind.OPERATION_DEFINITION, operation: 'query', name: named, variableDefinitions, selectionSet };
  }
}

/** A random request {document, variables, operationName}. Its root fields are `countries` only, or all others. */
export function randomRequest(random, schema, onlyCountries) {
  const builder = (prefix, fragments) => new OperationBuilder(random, schema, prefix, onlyCountries, fragments);
  const first = builder('F', []);
  if (!random.chance(0.15)) {
    const operation = first.operation(random.chance(0.5) ? 'A' : undefined);
    const definitions = [operation, ...first.ownFragments.map(({ node }) => node)];
    const operationName = operation.name && random.chance(0.3) ? 'A' : undefined;
    return { document: { kind: Kind.DOCUMENT, definitions }, variables: first.variables.values, operationName };
  }
  const operations = [first.operation('A')];
  const shared = first.ownFragments.filter(({ node }) => !JSON.stringify(node).includes('"Variable"'));
  const second = builder('G', shared);
  operations.push(second.operation('B'));
  const fragments = [...first.ownFragments, ...second.ownFragments].map(({ node }) => node);
  const [chosen, operationName] = random.pick([[first, 'A'], [second, 'B']]);
  const document = { kind: Kind.DOCUMENT, definitions: [...operations, ...fragments] };
  return { document, variables: chosen.variables.values, operationName };
}
