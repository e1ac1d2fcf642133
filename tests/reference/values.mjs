// Random input values of a schema type, as JSON and as literals.
import {
  Kind, getNamedType, getNullableType, isEnumType, isInputObjectType, isListType, isNonNullType,
  isRequiredInputField,
} from 'graphql';

const CODES = ['FR', 'LI', 'DE', 'AT', 'LU', 'CI', 'fr', 'XX', ''];
const TEXTS = ['a', '', 'Zoë', 'say "hi"', 'two\nlines', '😀', 'null', '1', 'back\\slash'];
const TIMESTAMPS = ['2024-01-31T12:00:00Z', '2023-12-31T23:59:59.999+05:30', '1999-01-01T00:00:00-08:00'];
const UUIDS = ['00000000-0000-4000-8000-000000000000'];
// Texts that patron accepts for arguments and input fields with these names. Others accept any text.
const BY_NAME = {
  countries: CODES, customer: UUIDS, endpoint: UUIDS, record: UUIDS, actorUuid: UUIDS,
  types: ['customer.created', 'customer.*'], actions: ['customer.updated', 'customer.*'],
  key: ['keyword', 'status', 'group_name'], ownerType: ['customer', 'order'],
};
const IDS = ['x', '1', 7, '00000000-0000-4000-8000-000000000000'];
const MAX_DEPTH = 3;

function scalar(random, typeName, name) {
  switch (typeName) {
    case 'Int':
      return random.between(1, 3);
    case 'ID':
      return random.pick(IDS);
    case 'Boolean':
      return random.chance(0.5);
    case 'DateTime':
      return random.pick(TIMESTAMPS);
    default:
      return random.pick(BY_NAME[name] ?? TEXTS);
  }
}

/** A random value of this type as JSON. `name` is the name of the argument or input field. */
export function jsonValue(random, type, name, depth = 0) {
  if (!isNonNullType(type) && random.chance(0.08)) return null;
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    const item = () => jsonValue(random, nullable.ofType, name, depth + 1);
    // A single item is coerced to a list with one item.
    if (random.chance(0.12)) return item() ?? [];
    return Array.from({ length: random.between(depth > MAX_DEPTH ? 0 : 1, 3) }, item);
  }
  if (isEnumType(nullable)) return random.pick(nullable.getValues()).name;
  if (!isInputObjectType(nullable)) return scalar(random, nullable.name, name);
  const value = {};
  for (const field of Object.values(nullable.getFields())) {
    const isLeaf = !isInputObjectType(getNamedType(field.type));
    const chance = isLeaf || depth < MAX_DEPTH ? 0.3 : 0;
    if (!isRequiredInputField(field) && !random.chance(chance)) continue;
    value[field.name] = jsonValue(random, field.type, field.name, depth + 1);
  }
  return value;
}

/**
 * Converts a JSON value of this type to a literal. `variable(type, hasDefault, value)` may return a variable that
 * replaces it.
 */
export function literal(random, type, value, variable = () => undefined) {
  const write = (at, json, hasDefault, mayBeVariable = true) => {
    const standIn = mayBeVariable ? variable(at, hasDefault, json) : undefined;
    if (standIn !== undefined) return standIn;
    if (json === null) return { kind: Kind.NULL };
    const nullable = getNullableType(at);
    if (isListType(nullable)) {
      // A variable of the item's type is not allowed in a list position.
      if (!Array.isArray(json)) return write(nullable.ofType, json, false, false);
      return { kind: Kind.LIST, values: json.map((item) => write(nullable.ofType, item, false)) };
    }
    if (isInputObjectType(nullable)) {
      const fields = Object.entries(json).map(([name, member]) => {
        const { type: fieldType, defaultValue } = nullable.getFields()[name];
        const node = write(fieldType, member, defaultValue !== undefined);
        return { kind: Kind.OBJECT_FIELD, name: nameNode(name), value: node };
      });
      return { kind: Kind.OBJECT, fields };
    }
    if (isEnumType(nullable)) return { kind: Kind.ENUM, value: json };
    if (typeof json === 'boolean') return { kind: Kind.BOOLEAN, value: json };
    if (typeof json === 'number') return { kind: Kind.INT, value: String(json) };
    // Only for texts that a block string represents unchanged.
    const block = /^[a-z0-9 ]+$/i.test(json) && random.chance(0.1);
    return { kind: Kind.STRING, value: json, block };
  };
  return write(type, value, false);
}

export const nameNode = (value) => ({ kind: Kind.NAME, value });
export const variableNode = (name) => ({ kind: Kind.VARIABLE, name: nameNode(name) });
