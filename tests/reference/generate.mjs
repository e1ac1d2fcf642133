// Generates random GraphQL requests for patron's schema.
//
//   node generate.mjs SCHEMA SEED COUNT
//
// Prints COUNT requests, one {id, query, variables?, operationName?} per line; a seed always gives the same requests.
// About half of them are valid. The others have one or two mutations, which often cause request errors and are
// sometimes harmless. All are small: at most 60 fields, 8 levels and 10 aliases, so that no limit of patron refuses
// them.
import { isDeepStrictEqual } from 'node:util';
import { print } from 'graphql';
import { randomRequest } from './documents.mjs';
import { mutate } from './mutate.mjs';
import { randomFor } from './random.mjs';
import { countriesResolver, evaluate, loadSchema } from './reference.mjs';
import { isSmall } from './size.mjs';

const MAX_TRIES = 100;

const [schemaPath, seed, count] = process.argv.slice(2);
if (!/^\d+$/.test(seed ?? '') || !/^\d+$/.test(count ?? '')) {
  console.error('usage: node generate.mjs SCHEMA SEED COUNT');
  process.exit(2);
}
const schema = loadSchema(schemaPath);
const rootValue = countriesResolver([]);

/** A small, valid request. */
function validRequest(random) {
  const onlyCountries = random.chance(0.4);
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const request = randomRequest(random, schema, onlyCountries);
    if (!isSmall(request.document)) continue;
    request.query = print(request.document);
    const { verdict, errors } = evaluate(schema, rootValue, request);
    if (verdict === 'runs' && errors.length === 0) return request;
  }
  throw new Error(`No valid request in ${MAX_TRIES} tries`);
}

function mutated(random, request) {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const changed = mutate(random, request);
    const isSame = print(changed.document) === request.query && isDeepStrictEqual(changed.variables, request.variables)
      && changed.operationName === request.operationName;
    if (!isSame && isSmall(changed.document)) return changed;
  }
  return request;
}

for (let number = 0; number < Number(count); number += 1) {
  const random = randomFor(Number(seed), number);
  const valid = validRequest(random);
  const isMutated = random.chance(0.6);
  const { query, variables, operationName } = isMutated ? mutated(random, valid) : valid;
  const id = `generated/${seed}/${number}/${isMutated ? 'mutated' : 'valid'}`;
  const values = Object.keys(variables).length > 0 ? variables : undefined;
  process.stdout.write(`${JSON.stringify({ id, query, variables: values, operationName })}\n`);
}
