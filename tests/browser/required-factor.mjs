// Plays the console of a server with PATRON_ADMIN_SECOND_FACTOR=required in Chromium: kit.mjs explains how to run it.
import assert from 'node:assert/strict';
import { Authenticator } from './console/authenticator.mjs';
import { consoleTools } from './console/play.mjs';
import { readArguments, run } from './kit.mjs';

await run(readArguments(), async (play) => {
  const { page, step } = consoleTools(play);
  const main = page.getByRole('main');
  const press = (name) => main.getByRole('button', { name, exact: true }).click();
  const isAsked = () => main.getByText('This server requires a second factor of every admin').waitFor();
  const signIn = async (email, password) => {
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await press('Sign in');
    await isAsked();
  };

  await step('an admin without a second factor can only set one up', async () => {
    await page.goto(`${play.url}/admin/customer-groups`);
    await signIn(play.admin.email, play.admin.password);
    assert.equal(await page.getByRole('navigation').count(), 0);
    await play.gallery('console-setup');
    for (const path of ['/customers', '/customers/edit/d5e38d50-3b87-4e6f-9f0a-53b51ae5ba25', '/account', '/customer-groups']) {
      await page.goto(`${play.url}/admin${path}`);
      await isAsked();
    }
    await main.getByLabel('Your password').fill(play.admin.password);
    await press('Continue');
    await main.locator('.account-qr').waitFor();
    await play.gallery('console-setup-app');
    const app = new Authenticator(await main.locator('.account-secret').textContent());
    await main.getByLabel('Code of the app').fill(await app.next());
    await press('Turn it on');
    await main.getByRole('list', { name: 'Recovery codes' }).waitFor();
    await play.gallery('console-setup-codes');
    await main.getByLabel('I have stored them').check();
    await press('Go to the console');
  });

  await step('then the page opens that was asked for, and the second factor stays on', async () => {
    await page.getByRole('heading', { level: 1, name: 'Groups' }).waitFor();
    assert.ok(page.url().endsWith('/admin/customer-groups'));
    await page.getByRole('link', { name: 'Wholesale' }).waitFor();
    await play.visit('/account');
    await main.getByText('Every admin needs one, so it can’t be turned off').waitFor();
    assert.ok(await main.getByRole('button', { name: 'Turn it off' }).isDisabled());
    await play.axe('the own account');
  });

  await step('a new admin has to set one up too', async () => {
    await play.visit('/admins?new');
    await play.dialog().getByLabel('Name', { exact: true }).fill('Maryam Mirzakhani');
    await play.dialog().getByLabel('E-mail address').fill('maryam@example.com');
    const password = await play.dialog().getByLabel('First password').inputValue();
    await play.dialog().getByRole('button', { name: 'Create' }).click();
    await play.dialog().getByRole('button', { name: 'Done' }).click();
    await play.visit('/account');
    await press('Sign out');
    await signIn('maryam@example.com', password);
    await press('Sign out');
    await page.getByLabel('E-mail address').waitFor();
  });
});
