// The audit of GraphQL over HTTP that the package graphql-http brings, against one endpoint.
//
//   [PATRON_TOKEN=TOKEN] node audit.mjs URL
//
// Prints each check that is not ok and how many are; ends with exit code 1 unless all are.
import { auditServer } from 'graphql-http';

const url = process.argv[2];
const token = process.env.PATRON_TOKEN;
const fetchFn = (input, init = {}) => {
  const headers = new Headers(init.headers);
  if (token) headers.set('authorization', `Bearer ${token}`);
  return fetch(input, { ...init, headers });
};

const results = await auditServer({ url, fetchFn });
const failed = results.filter((result) => result.status !== 'ok');
for (const { id, name, status, reason, response } of failed) {
  console.log(`${id} ${status}: ${name}: ${reason} (answered with ${response.status})`);
}
console.log(`${results.length - failed.length} of ${results.length} are ok`);
process.exitCode = failed.length === 0 ? 0 : 1;
