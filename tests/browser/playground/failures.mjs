// How the playground explains failures, changes, and disabled introspection.
import assert from 'node:assert/strict';
import { CUSTOMER, CUSTOMER_PASSWORD, REFUSED } from './play.mjs';

export async function failures(play) {
  const { page, url, step, shot, arrive, run, panel, problem, signedInAs, signIn, openExample, example } = play;

  await step('errors are explained', async () => {
    await play.expectFailures(REFUSED, async () => {
      await arrive();
      await openExample(example('Groups'));
      await run();
      await problem.filter({ hasText: 'admins only' }).getByRole('button', { name: 'Sign in as an admin' }).click();
      await panel.getByLabel('E-mail address').fill('nobody@example.com');
      await panel.getByLabel('Password').fill('wrong');
      await page.keyboard.press('Enter');
      await panel.getByText('The e-mail address or the password is wrong').waitFor();
      await shot('error');
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
      await shot('refused');
      await problem.getByRole('button', { name: 'Sign in as a customer' }).click();
      await panel.getByRole('button', { name: /demo’s customer/ }).click();
      await page.keyboard.press('Enter');
      await panel.waitFor({ state: 'hidden' });
      await problem.waitFor({ state: 'detached' });
      assert.notEqual((await run()).authorization, authorization);
      await problem.filter({ hasText: `You are signed in as ${CUSTOMER}` }).waitFor();
      await problem.getByRole('button', { name: 'Dismiss' }).click();
      await problem.waitFor({ state: 'detached' });
    });
  });

  await step('a mutation is answered with a link to the REST reference', async () => {
    await play.expectFailures(/^Failed to load resource: the server responded with a status of 400/, async () => {
      await page.getByRole('button', { name: 'New tab' }).click();
      await page.locator('.graphiql-query-editor .view-line').first().click();
      await page.keyboard.type('mutation Change { a }');
      await page.getByRole('button', { name: /^Execute query/ }).click();
      await problem.filter({ hasText: 'Changes use the REST API' }).getByRole('link', { name: 'Open the REST reference' }).waitFor();
    });
  });

  await step('a notice explains that introspection is disabled', async () => {
    const server = '**/playground/server.json';
    await page.route(server, (route) => route.fulfill({ json: { introspection: false } }));
    await page.goto(`${url}/playground`);
    await page.locator('.notice', { hasText: 'Introspection is disabled on this server' }).waitFor();
    await shot('no-introspection');
    await page.unroute(server);
  });
}
