// Evaluates GraphQL requests with the reference implementation.
//
//   node evaluate.mjs SCHEMA COUNTRIES REQUESTS
//
// SCHEMA is schema.graphql, COUNTRIES a JSON array of all fields of the countries and their provinces, sorted by name,
// and REQUESTS a file with one {id, query, variables?, operationName?} per line (or a JSON array, if its name
// ends in .json). Prints one line per request, in the same order: {id, verdict, errors, data?}. The verdict is
// "refused" for a request error (syntax, validation, choice of the operation, coercion of variables) and "runs"
// otherwise. `data` is present when all root fields of the chosen operation are `countries` or `__typename`; `errors`
// are then the messages of execution errors.
import { readFileSync } from 'node:fs';
import { countriesResolver, evaluate, loadSchema, readRequests } from './reference.mjs';

const [schemaPath, countriesPath, requestsPath] = process.argv.slice(2);
if (requestsPath === undefined) {
  console.error('usage: node evaluate.mjs SCHEMA COUNTRIES REQUESTS');
  process.exit(2);
}
const schema = loadSchema(schemaPath);
const rootValue = countriesResolver(JSON.parse(readFileSync(countriesPath, 'utf8')));
const lines = readRequests(requestsPath).map((request) => {
  const { verdict, errors, data } = evaluate(schema, rootValue, request);
  return `${JSON.stringify({ id: request.id, verdict, errors, data })}\n`;
});
process.stdout.write(lines.join(''));
