// Runs the audit of the package graphql-http (GraphQL over HTTP) against one endpoint.
//
//   [PATRON_TOKEN=TOKEN] node audit.mjs URL
//
// Prints every check that is not ok, and how many are ok. The exit code is 1 unless all are.
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
  console.log(`${id} ${status}: ${name}: ${reason} (status ${response.status})`);
}
console.log(`${results.length - failed.length} of ${results.length} are ok`);
process.exitCode = failed.length === 0 ? 0 : 1;
