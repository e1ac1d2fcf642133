// An admin's own account: the password, and a second factor set up for real, with its recovery codes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Api } from './api.mjs';
import { Authenticator } from './authenticator.mjs';

/** A wrong code or password blocks the account for a second. */
const BLOCKED = 1100;

export async function ownAccount(play) {
  const { step } = play;
  const admin = await play.newAdmin('Gladys West');
  const page = await play.open();
  const dialog = () => play.dialog(page);
  const refused = (run) => play.expectFailures(/status of 40[01]/, run);
  const me = async (api) => (await api.query('{ me { fullName secondFactor recoveryCodesLeft } }')).me;
  const secondFactorOf = async () => {
    const { admins } = await play.api.query('{ admins(first: 100) { nodes { uuid secondFactor } } }');
    return admins.nodes.find(({ uuid }) => uuid === admin.uuid).secondFactor;
  };
  let app;
  let codes;
  await play.visit('/account', page, admin);

  await step('the password is changed, and other sessions end', async () => {
    const other = await new Api(play.url).signIn(admin);
    const current = page.getByLabel('Current password');
    const next = page.getByLabel('New password');
    const change = page.getByRole('button', { name: 'Change the password' });
    await play.gallery('console-account', page);
    await next.fill('short');
    await change.click();
    await page.getByText('Enter the password that you use now.').waitFor();
    await page.getByText('The new password must have at least 8 characters.').waitFor();
    await current.fill('not this one');
    await next.fill('a better password for Gladys');
    await refused(async () => {
      await change.click();
      await page.locator('.field-error', { hasText: /incorrect|wrong/ }).waitFor();
    });
    await play.pause(BLOCKED);
    await current.fill(admin.password);
    await change.dblclick();
    await play.toast('The password is changed', page);
    admin.password = 'a better password for Gladys';
    assert.equal((await other.send('POST', '/api/admin/graphql', { query: '{ me { uuid } }' })).status, 401);
    await new Api(play.url).signIn(admin);
    await play.mailTo(admin.email, /password (of your|was) \w+/i);
    await page.getByRole('button', { name: 'Change the name' }).click();
    await dialog().getByLabel('Name', { exact: true }).fill('Gladys Mae West');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await play.toast('Name saved', page);
  });

  await step('a second factor is set up with an authenticator app', async () => {
    await page.getByRole('button', { name: 'Set it up' }).click();
    await dialog().getByLabel('Your password').fill('not this one');
    await refused(async () => {
      await dialog().getByRole('button', { name: 'Continue' }).click();
      await dialog().locator('.field-error').waitFor();
    });
    await play.pause(BLOCKED);
    await dialog().getByLabel('Your password').fill(admin.password);
    await dialog().getByRole('button', { name: 'Continue' }).click();
    await dialog().getByRole('img', { name: /^QR code/ }).waitFor();
    await play.gallery('console-second-factor', page);
    const secret = (await dialog().locator('.account-secret').textContent()).replaceAll(' ', '');
    const uri = new URL(await dialog().getByRole('link', { name: 'Open in an authenticator app' }).getAttribute('href'));
    assert.equal(uri.searchParams.get('secret'), secret);
    assert.ok(decodeURIComponent(uri.pathname).endsWith(admin.email), uri.href);
    app = new Authenticator(secret);
    await refused(async () => {
      await dialog().getByLabel('Code of the app').fill(app.wrong);
      await dialog().getByRole('button', { name: 'Turn it on' }).click();
      await dialog().getByText('The code is wrong').waitFor();
    });
    assert.equal(await secondFactorOf(), false);
    await play.pause(BLOCKED);
    await dialog().getByLabel('Code of the app').fill(await app.next());
    await dialog().getByRole('button', { name: 'Turn it on' }).dblclick();
    await dialog().getByText('Keep your recovery codes').waitFor();
    assert.equal(await secondFactorOf(), true);
  });

  await step('the recovery codes are shown once, and can be kept', async () => {
    codes = await dialog().getByRole('list', { name: 'Recovery codes' }).locator('code').allTextContents();
    assert.equal(new Set(codes).size, 10);
    await play.gallery('console-recovery-codes', page);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    assert.ok(await dialog().getByText(codes[0]).isVisible(), 'Escape does not close it');
    const [download] = await Promise.all([page.waitForEvent('download'), dialog().getByRole('button', { name: 'Download' }).click()]);
    const file = fs.readFileSync(await download.path(), 'utf8');
    assert.ok(codes.every((code) => file.includes(code)), file);
    assert.ok(await dialog().getByRole('button', { name: 'Done' }).isDisabled());
    await dialog().getByLabel('I have stored them').check();
    await dialog().getByRole('button', { name: 'Done' }).click();
    await page.getByText('10 of 10 left').waitFor();
    assert.equal((await page.content()).includes(codes[0]), false);
  });

  const form = page.locator('.sign-in form');
  const signIn = async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await form.getByLabel('E-mail address').fill(admin.email);
    await form.getByLabel('Password', { exact: true }).fill(admin.password);
    await play.expectFailures(/status of 401/, async () => {
      await form.getByRole('button', { name: 'Sign in', exact: true }).click();
      await form.getByLabel(/^Code/).waitFor();
    });
  };
  const enter = async (code) => {
    await form.getByLabel(/^Code/).fill(code);
    await form.getByRole('button', { name: 'Verify' }).click();
  };
  const isRefused = async (code) => {
    await play.expectFailures(/status of 401/, async () => {
      await enter(code);
      await form.getByText('The code is wrong, or was used before').waitFor();
    });
    await play.pause(BLOCKED);
  };

  await step('the sign-in asks for a code, and accepts each once', async () => {
    await signIn();
    await play.gallery('console-sign-in-code', page);
    await isRefused(app.used);
    await enter(await app.next());
    await page.getByText('10 of 10 left').waitFor();
  });

  await step('a recovery code signs in once', async () => {
    await signIn();
    await enter(codes[3].toUpperCase());
    await page.getByText('9 of 10 left').waitFor();
    await play.mailTo(admin.email, /recovery code/i);
    await signIn();
    await isRefused(codes[3]);
    await enter(await app.next());
    await page.getByText('9 of 10 left').waitFor();
  });

  await step('new recovery codes, and the second factor is turned off', async () => {
    await page.getByRole('button', { name: 'New recovery codes' }).click();
    await dialog().getByText('The 9 codes that you have left no longer work').waitFor();
    await dialog().getByRole('button', { name: 'Make new codes' }).click();
    await dialog().getByText('Your new recovery codes').waitFor();
    await dialog().getByLabel('I have stored them').check();
    await dialog().getByRole('button', { name: 'Done' }).click();
    await page.getByText('10 of 10 left').waitFor();
    await page.getByRole('button', { name: 'Turn it off' }).click();
    await dialog().getByRole('button', { name: 'Turn it off' }).click();
    await play.toast('The second factor is off', page);
    assert.equal(await secondFactorOf(), false);
    const { fullName, recoveryCodesLeft } = await me(await new Api(play.url).signIn(admin));
    assert.deepEqual([fullName, recoveryCodesLeft], ['Gladys Mae West', 0]);
  });
  await play.close(page);
}
