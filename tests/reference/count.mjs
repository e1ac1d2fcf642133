// Shows what a corpus or a generated file covers: counts the verdicts of each area and the requests that each
// validation rule refuses, and checks that ids are unique.
//
//   node count.mjs SCHEMA REQUESTS...
import { specifiedRules } from 'graphql';
import { countriesResolver, evaluate, loadSchema, readRequests } from './reference.mjs';

const [schemaPath, ...paths] = process.argv.slice(2);
if (paths.length === 0) {
  console.error('usage: node count.mjs SCHEMA REQUESTS...');
  process.exit(2);
}
const schema = loadSchema(schemaPath);
const rootValue = countriesResolver([]);
const ids = new Set();
const areas = new Map();
const rules = new Map(specifiedRules.map(({ name }) => [name, 0]));
for (const request of paths.flatMap(readRequests)) {
  if (ids.has(request.id)) {
    console.error(`The id ${request.id} is not unique.`);
    process.exitCode = 1;
  }
  ids.add(request.id);
  const result = evaluate(schema, rootValue, request, true);
  const area = request.id.split('/')[0];
  const counts = areas.get(area) ?? { runs: 0, refused: 0, executed: 0 };
  counts[result.verdict] += 1;
  counts.executed += result.data === undefined ? 0 : 1;
  areas.set(area, counts);
  for (const rule of result.rules) rules.set(rule, (rules.get(rule) ?? 0) + 1);
}
console.table(Object.fromEntries(areas));
for (const [rule, count] of rules) console.log(`${String(count).padStart(5)} ${rule}`);
