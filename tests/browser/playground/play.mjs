// What the parts of the playground's test share, beside what kit.mjs describes: to open it, to sign in and out, and to run queries and
// examples.
import assert from 'node:assert/strict';

export const CUSTOMER = 'customer1@example.com';
export const CUSTOMER_PASSWORD = 'demo-customer';
/** The console messages of Chromium about responses that refuse a request, or about none. */
export const REFUSED = /^Failed to load resource: (the server responded with a status of (401|429|503)|net::ERR_FAILED)/;
/** The query that loads the schema. */
const SCHEMA = 'PlaygroundSchema';

/** The name of the GraphQL operation of a response, or null for other responses. */
const operation = (response) => {
  const request = response.request();
  if (request.method() !== 'POST' || !/graphql$/.test(request.url())) return null;
  return /^\s*query (\w+)/m.exec(request.postDataJSON().query)[1];
};

/** No root field may be null or empty, since an example has to show data. */
export const hasData = ({ result }, title) => {
  for (const [field, value] of Object.entries(result.data)) {
    assert.ok(value !== null && (!Array.isArray(value) || value.length), `${title}: ${field} is ${JSON.stringify(value)}`);
  }
};

/** Adds to `play`. */
export function playgroundPlay(play) {
  const { page, url } = play;

  /** Opens the playground as at a first visit, with empty storage. */
  async function arrive() {
    await page.goto(`${url}/playground`);
    await page.evaluate(() => {
      localStorage.clear();
      sessionStorage.clear();
    });
    await openPlayground();
  }
  /** Opens the playground and waits for the schema and the editors. */
  async function openPlayground() {
    const schema = page.waitForResponse((response) => operation(response) === SCHEMA);
    await page.goto(`${url}/playground`);
    await schema;
    await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  }
  /** Runs the query of the active tab; returns the response when it is shown. */
  async function run() {
    const pending = page.waitForResponse((response) => ![null, SCHEMA].includes(operation(response)));
    await page.getByRole('button', { name: /^Execute query/ }).click();
    const response = await pending;
    const result = await response.json();
    await page.locator('.graphiql-response .view-line', { hasText: result.data ? '"data"' : '"errors"' }).first().waitFor();
    return { result, name: operation(response), authorization: response.request().headers().authorization, url: response.url() };
  }
  const account = page.locator('.account');
  const panel = page.getByRole('dialog');
  const problem = page.locator('.notice.problem');
  const signedInAs = (email) => account.filter({ hasText: email }).waitFor();

  async function signIn(kind, email, password) {
    await account.click();
    await panel.getByRole('radio', { name: kind }).check();
    await panel.getByLabel('E-mail address').fill(email);
    await panel.getByLabel('Password').fill(password);
    await panel.getByRole('button', { name: /^Sign in as/ }).click();
  }
  async function signOut() {
    await account.click();
    await panel.getByRole('button', { name: 'Sign out' }).click();
    await account.filter({ hasText: 'Sign in' }).waitFor();
  }

  const examples = page.locator('.examples');
  /** Opens an example from the side list, and waits until it is the active tab. */
  async function openExample(example) {
    await example.click();
    await example.and(page.locator('[aria-current=true]')).waitFor();
  }
  const example = (name) => examples.getByRole('button', { name: new RegExp(`^${name}`) });

  /** Opens and runs every example of these groups, checks each response, and returns the number of examples. */
  async function runExamples(groups, check) {
    let count = 0;
    for (const group of groups) {
      for (const entry of await examples.getByRole('region', { name: group }).locator('li button').all()) {
        const title = await entry.locator('strong').textContent();
        await openExample(entry);
        const response = await run();
        assert.ok(response.name.toLowerCase().endsWith(title.replaceAll(' ', '').toLowerCase()), `${response.name} is not ${title}`);
        assert.equal(response.result.errors, undefined, `${title}: ${JSON.stringify(response.result)}`);
        check(response, title);
        assert.equal(await problem.count(), 0, title);
        count++;
      }
    }
    return count;
  }
  async function assertNoTokenIsStored() {
    const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
    for (const secret of ['Bearer', 'eyJ', CUSTOMER_PASSWORD, play.password]) {
      assert.ok(!stored.includes(secret), `${secret} is stored: ${stored}`);
    }
    assert.ok(stored.includes('FirstSteps'), 'the tabs are not stored');
  }

  Object.assign(play, { openPlayground, arrive, run, account, panel, problem, signedInAs, signIn, signOut });
  Object.assign(play, { examples, openExample, example, runExamples, assertNoTokenIsStored });
}
