// The screenshots that the documentation shows. Copies those of the last run of the tests:
//
//   node tests/browser/documented.mjs target/screenshots docs/screenshots
import fs from 'node:fs';
import path from 'node:path';

/** The name of a screenshot in the documentation, and in the tests. */
const DOCUMENTED = {
  playground: 'response',
  'playground-dark': 'dark',
  'playground-phone': 'phone-signed-in',
  reference: 'reference',
  'console-overview': 'console-overview',
  'console-customers': 'console-filters',
  'console-customers-dark': 'console-customers-dark',
  'console-customers-phone': 'console-phone-list',
  'console-bulk': 'console-bulk-report',
  'console-customer': 'console-customer',
  'console-customer-dark': 'console-customer-dark',
  'console-customer-phone': 'console-phone-customer',
  'console-conflict': 'console-conflict',
  'console-timeline': 'console-timeline',
  'console-second-factor': 'console-second-factor',
};

const [from, to] = process.argv.slice(2);
for (const [name, source] of Object.entries(DOCUMENTED)) {
  fs.copyFileSync(path.join(from, `${source}.png`), path.join(to, `${name}.png`));
}
