// Drives the playground and the account pages of a running `patron demo` in Chromium.
//
//   node drive.mjs URL ADMIN_PASSWORD MAIL_FOLDER SCREENSHOTS PROFILE MODULES CHROMIUM
//
// Every wait has a timeout, and there are no fixed pauses but for polling mails and after a wrong password. The exit code is 1
// after a failure.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const [url, adminPassword, mails, screenshots, profile, modules, executablePath] = process.argv.slice(2);
const { chromium } = createRequire(path.join(modules, 'x.js'))('playwright-core');

/** Timeout of one wait, in milliseconds; long, since the machine may be slow and busy. */
const TIMEOUT = 60_000;
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const ADMIN = 'admin@localhost';
const CUSTOMER = 'customer1@example.com';
const CUSTOMER_PASSWORD = 'demo-customer';
/** The query that loads the schema. */
const SCHEMA = 'PlaygroundSchema';

const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  chromiumSandbox: false,
  viewport: DESK,
  colorScheme: 'light',
  locale: 'en-GB',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // Only this machine can be reached.
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  ],
});
context.setDefaultTimeout(TIMEOUT);

// Collected during all steps: requests to other hosts, console messages and exceptions. There must be none.
const violations = [];
/** Matches the console messages of Chromium about error responses that the current step provokes. */
let expected = null;
context.on('request', (request) => {
  const { protocol, origin } = new URL(request.url());
  if (!['data:', 'blob:'].includes(protocol) && origin !== url) violations.push(`a request to ${request.url()}`);
});
context.on('console', (message) => {
  if (['error', 'warning', 'assert'].includes(message.type()) && !expected?.test(message.text())) {
    violations.push(`on the console: ${message.text()} (${message.location().url})`);
  }
});
context.on('weberror', (error) => violations.push(`an exception: ${error.error()}`));
const REFUSED = /^Failed to load resource: (the server responded with a status of (401|429|503)|net::ERR_FAILED)/;

const page = context.pages()[0] ?? (await context.newPage());
const shoot = (name) => page.screenshot({ path: path.join(screenshots, `${name}.png`), animations: 'disabled' });
const step = async (name, run) => {
  console.log(`- ${name}`);
  await run();
  assert.deepEqual(violations, [], name);
};

/** Opens the playground as at a first visit, with empty storage. */
async function arrive() {
  await page.goto(`${url}/playground`);
  await page.evaluate(() => {
    localStorage.clear();
    sessionStorage.clear();
  });
  await open();
}
/** Opens the playground and waits for the schema and the editors. */
async function open() {
  const schema = page.waitForResponse((response) => operation(response) === SCHEMA);
  await page.goto(`${url}/playground`);
  await schema;
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
}
/** The name of the GraphQL operation of a response, or null for other responses. */
const operation = (response) => {
  const request = response.request();
  if (request.method() !== 'POST' || !/graphql$/.test(request.url())) return null;
  return /^\s*query (\w+)/m.exec(request.postDataJSON().query)[1];
};
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
/** No root field may be null or empty, since an example has to show data. */
const hasData = ({ result }, title) => {
  for (const [field, value] of Object.entries(result.data)) {
    assert.ok(value !== null && (!Array.isArray(value) || value.length), `${title}: ${field} is ${JSON.stringify(value)}`);
  }
};

async function assertNoTokenIsStored() {
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  for (const secret of ['Bearer', 'eyJ', CUSTOMER_PASSWORD, adminPassword]) {
    assert.ok(!stored.includes(secret), `${secret} is stored: ${stored}`);
  }
  assert.ok(stored.includes('FirstSteps'), 'the tabs are not stored');
}

try {
  await step('two clicks to a first response', async () => {
    await arrive();
    await page.getByRole('button', { name: 'Sign in as customer1' }).waitFor();
    await shoot('light');
    await page.getByRole('button', { name: 'Sign in as customer1' }).click();
    await signedInAs(CUSTOMER);
    const { result, authorization } = await run();
    assert.match(authorization, /^Bearer /);
    assert.equal(result.data.currentCustomer.email, CUSTOMER);
    assert.equal(result.errors, undefined);
    await shoot('response');
  });

  await step('every query of the storefront, as a customer', async () => {
    assert.ok((await runExamples(['For anyone', 'As a customer'], hasData)) >= 4);
    await assertNoTokenIsStored();
  });

  await step('a customer signs out, and the token is revoked', async () => {
    const { authorization } = await run();
    const shown = page.locator('.graphiql-response');
    await shown.getByText('currentCustomer').first().waitFor();
    const revoked = page.waitForResponse(/\/api\/customer\/token\/revoke$/);
    await signOut();
    assert.equal((await revoked).status(), 200);
    const response = await fetch(`${url}/api/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: authorization },
      body: '{"query": "{ __typename }"}',
    });
    assert.equal(response.status, 401);
    // No tab shows a response of the customer any more.
    for (const title of ['MyAccount', 'MyNode']) {
      await page.locator('.graphiql-tab-button', { hasText: title }).click();
      await page.locator('.graphiql-tab-active', { hasText: title }).waitFor();
      assert.ok(!(await shown.textContent()).includes('currentCustomer'), title);
    }
    assert.equal((await run()).authorization, undefined);
  });

  await step('an admin signs in by keyboard alone', async () => {
    await open();
    const focused = () => page.evaluate(() => document.activeElement.className);
    for (let presses = 0; !(await focused()).includes('account'); presses++) {
      assert.ok(presses < 5, 'the account button is not among the first five stops of the Tab key');
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await panel.waitFor();
    // The focus is on the e-mail address; the kind of account is before it.
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Tab');
    await page.keyboard.type(ADMIN);
    await page.keyboard.press('Tab');
    await page.keyboard.type(adminPassword);
    await shoot('sign-in');
    await page.keyboard.press('Enter');
    await signedInAs(ADMIN);
    assert.match(await focused(), /account/, 'the focus has not returned to the account button');
  });

  await step('every query of the back office, as an admin', async () => {
    assert.ok((await runExamples(['As an admin'], hasData)) >= 5);
    assert.ok(await page.locator('.graphiql-tab-active').evaluate((tab) => tab.getBoundingClientRect().right <= innerWidth), 'the active tab is out of sight');
    const { authorization, url: path } = await run();
    assert.match(path, /\/api\/admin\/graphql$/);
    await page.getByRole('button', { name: 'Headers', exact: true }).click();
    const pane = page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines');
    await pane.filter({ hasText: 'Authorization' }).waitFor();
    assert.ok((await pane.textContent()).replace(/\s/g, '').includes(authorization.slice(7, 40)));
    await shoot('signed-in');
    await assertNoTokenIsStored();
  });

  await step('the documentation links from type to type', async () => {
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    const docs = page.locator('.graphiql-doc-explorer');
    await docs.getByRole('link', { name: 'Query', exact: true }).click();
    await docs.getByRole('link', { name: 'CustomerCollection', exact: true }).first().click();
    await docs.getByText('A page of customers.').waitFor();
    await docs.getByRole('link', { name: 'Customer', exact: true }).first().click();
    await docs.getByText('A customer account.').waitFor();
    await shoot('documentation');
  });

  await step('the query builder lists the root fields', async () => {
    await page.getByRole('button', { name: 'Show Query builder' }).click();
    const builder = page.locator('.graphiql-explorer-root');
    await builder.getByText('countries', { exact: true }).waitFor();
    await shoot('query-builder');
  });

  await step('the query builder shows the values of lists', async () => {
    await page.getByRole('button', { name: 'Show Examples' }).click();
    await openExample(example('First steps'));
    await page.getByRole('button', { name: 'Show Query builder' }).click();
    const value = (number) => page.getByRole('textbox', { name: `countries, value ${number}`, exact: true });
    assert.equal(await value(1).inputValue(), 'US');
    await value(1).fill('FR');
    await page.getByRole('button', { name: 'Add a value to countries' }).click();
    await value(3).fill('CA');
    await page.getByRole('button', { name: 'Remove countries, value 2' }).click();
    await page.locator('.graphiql-query-editor .view-line', { hasText: 'CA' }).first().waitFor();
    assert.deepEqual((await run()).result.data.countries.map((country) => country.code).sort(), ['CA', 'FR']);
    await shoot('query-builder-list');
    await page.getByRole('button', { name: 'Hide Query builder' }).click();
  });

  await step('Tab leaves the editor, and Ctrl-M lets it indent', async () => {
    const isInside = () => page.evaluate(() => document.activeElement.closest('.graphiql-query-editor .monaco-editor') !== null);
    await page.locator('.graphiql-query-editor .view-line').first().click();
    assert.ok(await isInside());
    await page.keyboard.press('Tab');
    assert.ok(!(await isInside()), 'Tab stays in the editor');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    assert.ok(await isInside(), 'Enter does not enter the editor');
    await page.keyboard.press('Control+m');
    await page.keyboard.press('Tab');
    assert.ok(await isInside(), 'Tab leaves the editor after Ctrl-M');
    await page.keyboard.press('Control+m');
  });

  await step('the dark theme is kept after a reload', async () => {
    await page.getByRole('button', { name: 'Switch to dark' }).click();
    await page.locator('body.graphiql-dark').waitFor({ state: 'attached' });
    await run();
    await shoot('dark');
    await open();
    await page.locator('body.graphiql-dark').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Switch to light' }).click();
    await page.locator('body:not(.graphiql-dark)').waitFor({ state: 'attached' });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.getByRole('button', { name: 'Switch to light' }).waitFor();
    await page.emulateMedia({ colorScheme: 'light' });
  });

  await step('tabs and their content are kept after a reload', async () => {
    await page.locator('.graphiql-tab-button', { hasText: 'MyAccount' }).click();
    await page.locator('#graphiql-session[aria-labelledby="graphiql-session-tab-1"]').waitFor();
    await page.locator('.graphiql-query-editor .view-line').first().click();
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('# mine ');
    const stored = (text) => localStorage.getItem('patron-playground:graphiql:tabState')?.includes(text);
    await page.waitForFunction(stored, '# mine ');
    await open();
    const active = page.locator('.graphiql-tab-active');
    assert.match(await active.textContent(), /^MyAccount/);
    await page.locator('.graphiql-query-editor .view-line', { hasText: '# mine' }).waitFor();
  });

  await step('a reload ends the session of the page', async () => {
    await account.filter({ hasText: 'Sign in' }).waitFor();
    await assertNoTokenIsStored();
  });

  await step('errors are explained', async () => {
    expected = REFUSED;
    await arrive();
    await openExample(example('Groups'));
    await run();
    await problem.filter({ hasText: 'admins only' }).getByRole('button', { name: 'Sign in as an admin' }).click();
    await panel.getByLabel('E-mail address').fill('nobody@example.com');
    await panel.getByLabel('Password').fill('wrong');
    await page.keyboard.press('Enter');
    await panel.getByText('The e-mail address or the password is wrong').waitFor();
    await shoot('error');
    await page.keyboard.press('Escape');

    const responses = [
      [429, { 'Retry-After': '7' }, 'Try again in 7 seconds'],
      [503, { 'Retry-After': '120' }, 'Try again in 2 minutes'],
    ];
    for (const [status, headers, text] of responses) {
      await page.route('**/api/graphql', (route) =>
        route.fulfill({ status, headers, json: { errors: [{ message: 'The message of the server' }] } }),
      );
      await page.getByRole('button', { name: /^Execute query/ }).click();
      await problem.filter({ hasText: text }).waitFor();
      await page.unroute('**/api/graphql');
    }
    await page.route('**/api/graphql', (route) => route.abort());
    await page.getByRole('button', { name: /^Execute query/ }).click();
    await problem.filter({ hasText: 'did not respond' }).waitFor();
    await page.unroute('**/api/graphql');

    // The session is ended on another device.
    await signIn('Customer', CUSTOMER, CUSTOMER_PASSWORD);
    await signedInAs(CUSTOMER);
    const { authorization } = await run();
    const logout = await fetch(`${url}/api/customers/me/sessions`, { method: 'DELETE', headers: { Authorization: authorization } });
    assert.equal(logout.status, 200);
    await run();
    await problem.filter({ hasText: 'Sign in again' }).waitFor();
    await shoot('refused');
    await problem.getByRole('button', { name: 'Sign in as a customer' }).click();
    await panel.getByRole('button', { name: /demo’s customer/ }).click();
    await page.keyboard.press('Enter');
    await panel.waitFor({ state: 'hidden' });
    await problem.waitFor({ state: 'detached' });
    assert.notEqual((await run()).authorization, authorization);
    await problem.filter({ hasText: `You are signed in as ${CUSTOMER}` }).waitFor();
    await problem.getByRole('button', { name: 'Dismiss' }).click();
    await problem.waitFor({ state: 'detached' });
    expected = null;
  });

  await step('a mutation is answered with a link to the REST reference', async () => {
    expected = /^Failed to load resource: the server responded with a status of 400/;
    await page.getByRole('button', { name: 'New tab' }).click();
    await page.locator('.graphiql-query-editor .view-line').first().click();
    await page.keyboard.type('mutation Change { a }');
    await page.getByRole('button', { name: /^Execute query/ }).click();
    await problem.filter({ hasText: 'Changes use the REST API' }).getByRole('link', { name: 'Open the REST reference' }).waitFor();
    expected = null;
  });

  await step('a notice explains that introspection is disabled', async () => {
    const server = '**/playground/server.json';
    await page.route(server, (route) => route.fulfill({ json: { introspection: false } }));
    await page.goto(`${url}/playground`);
    await page.locator('.notice', { hasText: 'Introspection is disabled on this server' }).waitFor();
    await shoot('no-introspection');
    await page.unroute(server);
  });

  await step('the REST reference sends test requests', async () => {
    await open();
    await page.getByRole('link', { name: 'REST API' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await shoot('reference');
    await page.getByRole('link', { name: /Check that the process runs/ }).click();
    await page.getByRole('button', { name: /^Test Request.*health.live/ }).click();
    const pending = page.waitForResponse(`${url}/health/live`);
    await page.getByRole('button', { name: /^Send get request/ }).click();
    assert.equal((await pending).status(), 200);
    await page.getByText('200 OK').first().waitFor();
    await shoot('reference-response');
    await page.keyboard.press('Escape');
  });

  await step('the REST reference signs in, and sends no optional header', async () => {
    // The name of the group in the example is free or not.
    expected = /^Failed to load resource: the server responded with a status of 409/;
    await page.getByRole('button', { name: 'Sign in' }).click();
    const form = page.locator('.panel');
    await form.getByLabel('E-mail address').fill(ADMIN);
    await form.getByLabel('Password').fill(adminPassword);
    await shoot('reference-sign-in');
    await page.keyboard.press('Enter');
    await account.filter({ hasText: ADMIN }).waitFor();
    await page.getByRole('link', { name: /Create a customer group/ }).click();
    await page.getByRole('button', { name: 'Test Request (post /api/customer-groups)', exact: true }).click();
    for (const attempt of ['first', 'second']) {
      const pending = page.waitForResponse(`${url}/api/customer-groups`);
      await page.getByRole('button', { name: /^Send post request/ }).click();
      const response = await pending;
      const headers = await response.request().allHeaders();
      assert.match(headers.authorization, /^Bearer ./);
      assert.ok(!headers['idempotency-key'] && !headers['if-match'], JSON.stringify(headers));
      assert.ok([201, 409].includes(response.status()), `${attempt}: ${response.status()}`);
      assert.equal((await response.allHeaders())['idempotency-replayed'], undefined, attempt);
    }
    await page.keyboard.press('Escape');
    expected = null;
    await page.goto(`${url}/api/docs#tag/webhook-events/webhook/POST/customer.updated`);
    await page.getByRole('heading', { name: 'Customer updated' }).waitFor();
    await shoot('reference-webhook');
    await account.click();
    await form.getByRole('button', { name: 'Sign out' }).click();
    await account.filter({ hasText: 'Sign in' }).waitFor();
    await page.setViewportSize(PHONE);
    await page.goto(`${url}/api/docs`);
    await page.getByRole('heading', { name: 'patron' }).waitFor();
    assert.ok(await page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth), 'the page scrolls horizontally');
    await page.setViewportSize(DESK);
  });

  await step('the playground fits on a phone', async () => {
    await page.setViewportSize(PHONE);
    await arrive();
    const fits = async () => assert.ok(await page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth), 'the page scrolls horizontally');
    await fits();
    await shoot('phone');
    await account.click();
    await panel.getByRole('button', { name: /demo’s customer/ }).click();
    await fits();
    await shoot('phone-sign-in');
    await page.keyboard.press('Enter');
    await signedInAs(CUSTOMER);
    assert.equal((await run()).result.data.currentCustomer.email, CUSTOMER);
    await fits();
    await shoot('phone-signed-in');
    await page.setViewportSize(DESK);
  });

  await step('the account pages verify an address and reset a password', async () => {
    const email = `browser-${Date.now()}@example.com`;
    const json = (body) => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    for (const name of ['verify-email', 'reset-password']) {
      await page.goto(`${url}/account/${name}`);
      await page.getByRole('heading', { name: 'Please open the link again' }).waitFor();
      await page.getByRole('heading', { name: 'Get a new link' }).waitFor();
    }
    const registration = await fetch(`${url}/api/customers`, json({ full_name: 'Browser', email, password: 'correct horse battery' }));
    assert.equal(registration.status, 201);
    await page.goto(await mailedLink(email, '/account/verify-email'));
    assert.ok(!page.url().includes('token'), 'the token is still in the address bar');
    await shoot('verify-email');
    await page.getByRole('button', { name: 'Confirm this address' }).click();
    await page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor();

    const reset = await fetch(`${url}/api/customers/reset-password`, json({ email }));
    assert.ok(reset.ok, `${reset.status}`);
    await page.goto(await mailedLink(email, '/account/reset-password'));
    await shoot('reset-password');
    await page.getByLabel('New password').fill('battery horse correct');
    await page.getByRole('button', { name: 'Save new password' }).click();
    await page.getByRole('heading', { name: 'Your password is changed' }).waitFor();
    const login = await fetch(`${url}/api/customer/tokens`, json({ email, password: 'battery horse correct' }));
    assert.equal(login.status, 200);
  });

  await step('a link that does not work leads to a new one', async () => {
    expected = /^Failed to load resource: the server responded with a status of (400|401)/;
    const email = `again-${Date.now()}@example.com`;
    const password = 'correct horse battery';
    const json = (body) => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    assert.equal((await fetch(`${url}/api/customers`, json({ full_name: 'Again', email, password }))).status, 201);
    const first = await mailedLink(email, '/account/verify-email');
    await page.goto(`${first}x`);
    await page.getByRole('button', { name: 'Confirm this address' }).click();
    await page.getByRole('heading', { name: 'This link does not work' }).waitFor();
    await page.getByLabel('Email address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill('wrong');
    await page.getByRole('button', { name: 'Send a new link' }).click();
    await page.getByText('Invalid email or password').waitFor();
    await shoot('verify-email-again');
    await pause(1500); // a wrong password blocks the account for a second
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Send a new link' }).click();
    await page.getByRole('heading', { name: 'Check your email' }).waitFor();
    await page.goto(await mailedLink(email, '/account/verify-email', [first]));
    await page.getByRole('button', { name: 'Confirm this address' }).click();
    await page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor();

    await page.emulateMedia({ colorScheme: 'dark' });
    await page.goto(`${url}/account/reset-password`);
    await page.getByLabel('Email address').fill(email);
    await shoot('reset-password-again');
    await page.getByRole('button', { name: 'Send a new link' }).click();
    await page.getByRole('heading', { name: 'Check your email' }).waitFor();
    await page.goto(await mailedLink(email, '/account/reset-password'));
    await page.getByLabel('New password').fill('battery horse correct');
    await page.getByRole('button', { name: 'Save new password' }).click();
    await page.getByRole('heading', { name: 'Your password is changed' }).waitFor();
    await page.emulateMedia({ colorScheme: 'light' });
    expected = null;
  });
  // The last step, since the page keeps the fake clock.
  await step('the access token is refreshed automatically', async () => {
    await page.clock.install();
    await arrive();
    await signIn('Customer', CUSTOMER, CUSTOMER_PASSWORD);
    await signedInAs(CUSTOMER);
    const before = (await run()).authorization;
    const refreshed = page.waitForResponse(/\/api\/customer\/token\/refresh$/);
    await page.clock.fastForward('29:30');
    assert.equal((await refreshed).status(), 200);
    const { authorization, result } = await run();
    assert.equal(result.data.currentCustomer.email, CUSTOMER);
    assert.notEqual(authorization, before);
    await assertNoTokenIsStored();
  });
} catch (error) {
  await shoot('failed').catch(() => {});
  console.error(error);
  if (violations.length) console.error(violations.join('\n'));
  process.exitCode = 1;
} finally {
  console.log(`screenshots are in ${screenshots}`);
  await context.close();
}

/** Waits for a mail to this address and returns its link to the page, which is none of the known ones. */
async function mailedLink(email, pathname, known = []) {
  const end = Date.now() + TIMEOUT;
  while (Date.now() < end) {
    for (const file of fs.existsSync(mails) ? fs.readdirSync(mails) : []) {
      // Quoted-printable: lines are broken, and = is =3D.
      const text = fs.readFileSync(path.join(mails, file), 'utf8').replace(/=\r?\n/g, '').replaceAll('=3D', '=');
      const link = text.match(new RegExp(`https?://[^\\s"<>]*${pathname}#token=[\\w-]+`));
      if (link && text.includes(email) && !known.includes(link[0])) return link[0];
    }
    await pause(100);
  }
  throw new Error(`no mail with a link to ${pathname} in ${mails}`);
}
