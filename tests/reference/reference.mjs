// The reference implementation of GraphQL (npm package graphql) with patron's schema: decides whether a request is
// valid, and executes it if it reads only countries. evaluate.mjs, generate.mjs and count.mjs use it.
import { readFileSync } from 'node:fs';
import {
  GraphQLError, Kind, Source, buildSchema, execute, getVariableValues, parse, specifiedRules, validate,
} from 'graphql';

/** Root fields whose values do not depend on the database. */
const EXECUTED = new Set(['countries', '__typename']);
const MAX_MESSAGES = 5;

// The syntax that patron accepts, chrono's parser of RFC 3339 without leap seconds: lower-case letters, a space instead
// of T, U+2212 as minus.
const TIMESTAMP =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|[+\-\u2212](\d\d):(\d\d))$/;

/** Whether a value is a string with an RFC 3339 timestamp. */
function isTimestamp(value) {
  const parts = typeof value === 'string' ? TIMESTAMP.exec(value) : null;
  if (parts === null) return false;
  const [year, month, day, hour, minute, second, offsetHour = 0, offsetMinute = 0] = parts.slice(1).map(
    (part) => (part === undefined ? undefined : Number(part)),
  );
  const isLeapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const lastDay = [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  const isDate = day >= 1 && day <= lastDay;
  const isTime = hour <= 23 && minute <= 59 && second <= 59;
  return isDate && isTime && offsetHour <= 23 && offsetMinute <= 59;
}

function parseTimestamp(value) {
  if (!isTimestamp(value)) throw new GraphQLError(`Not an RFC 3339 timestamp: ${JSON.stringify(value)}`);
  return value;
}

/** Reads schema.graphql and gives the scalar DateTime the same rules as in patron. */
export function loadSchema(path) {
  const schema = buildSchema(readFileSync(path, 'utf8'));
  const dateTime = schema.getType('DateTime');
  dateTime.parseValue = parseTimestamp;
  dateTime.parseLiteral = (node) => {
    if (node.kind !== Kind.STRING) throw new GraphQLError('Not a string', { nodes: node });
    return parseTimestamp(node.value);
  };
  return schema;
}

/** Reads requests: JSON Lines, or one JSON array when the name of the file ends in .json. */
export function readRequests(path) {
  const text = readFileSync(path, 'utf8');
  if (path.endsWith('.json')) return JSON.parse(text);
  return text.split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line));
}

/**
 * The root value with the resolver of `countries`: all countries if there is no list of codes or it is empty; otherwise
 * the countries with these codes, in the order of the codes and without duplicates.
 */
export function countriesResolver(countries) {
  const byCode = new Map(countries.map((country) => [country.code, country]));
  const upper = (code) => code.replace(/[a-z]/g, (letter) => letter.toUpperCase());
  return {
    countries: ({ countries: codes }) => {
      if (codes === undefined || codes === null || codes.length === 0) return countries;
      const found = codes.filter((code) => code !== null).map((code) => byCode.get(upper(code)));
      return [...new Set(found.filter((country) => country !== undefined))];
    },
  };
}

/** The operation that the request chooses; throws if there is none. */
function chooseOperation(document, operationName) {
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  // An empty name is the same as no name.
  if (operationName === undefined || operationName === null || operationName === '') {
    if (operations.length === 1) return operations[0];
    throw new GraphQLError('The request has to name one of the operations.');
  }
  const chosen = operations.find(({ name }) => name?.value === operationName);
  if (chosen === undefined) throw new GraphQLError(`Unknown operation ${JSON.stringify(operationName)}.`);
  return chosen;
}

/** The names of all root fields of an operation, including those in fragments. */
function rootFields(document, operation) {
  const fragments = new Map(
    document.definitions
      .filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
  const names = new Set();
  const spread = new Set();
  const collect = ({ selections }) => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) names.add(selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        collect(fragments.get(selection.name.value).selectionSet);
      }
    }
  };
  collect(operation.selectionSet);
  return names;
}

const refused = (errors, rules = []) => ({ verdict: 'refused', errors: messages(errors), rules });
const messages = (errors) => errors.slice(0, MAX_MESSAGES).map(({ message }) => message);

/** The names of the validation rules that a document breaks. */
const brokenRules = (schema, document) =>
  specifiedRules.filter((rule) => validate(schema, document, [rule]).length > 0).map(({ name }) => name);

/** The verdict on a request. With `withRules`, `rules` contains the broken validation rules. */
export function evaluate(schema, rootValue, request, withRules = false) {
  const { query, variables, operationName } = request;
  let document;
  try {
    document = parse(new Source(query));
  } catch (error) {
    return refused([error], ['syntax']);
  }
  const errors = validate(schema, document, specifiedRules);
  if (errors.length > 0) return refused(errors, withRules ? brokenRules(schema, document) : []);
  let operation;
  try {
    operation = chooseOperation(document, operationName);
  } catch (error) {
    return refused([error], ['choice of the operation']);
  }
  if (schema.getRootType(operation.operation) === undefined) {
    const message = `The schema has no ${operation.operation} type.`;
    return refused([new GraphQLError(message)], ['type of the operation']);
  }
  const values = variables ?? {};
  if (typeof values !== 'object' || Array.isArray(values)) {
    return refused([new GraphQLError('The variables are not an object.')], ['coercion of variables']);
  }
  const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], values);
  if (coerced.errors) return refused(coerced.errors, ['coercion of variables']);
  if (![...rootFields(document, operation)].every((name) => EXECUTED.has(name))) {
    return { verdict: 'runs', errors: [], rules: [] };
  }
  const chosen = operation.name?.value;
  const result = execute({ schema, document, rootValue, variableValues: values, operationName: chosen });
  return { verdict: 'runs', errors: messages(result.errors ?? []), data: result.data, rules: [] };
}
