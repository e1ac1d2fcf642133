// What can't be undone asks an admin with a second factor for a code, if the last one is more than ten minutes ago.
import assert from 'node:assert/strict';
import { Api } from './api.mjs';
import { Authenticator } from './authenticator.mjs';
import { forgetStepUp } from './database.mjs';
import { startReceiver } from './receiver.mjs';
import { newCustomer, PASSWORD, signInCustomer, stored } from './stored.mjs';

export async function stepUp(play) {
  const { step, api } = play;
  const admin = await play.newAdmin('Mary Golda Ross');
  const other = await play.newAdmin('Evelyn Boyd');
  const { app, codes } = await enrol(play, admin);
  const page = await play.open();
  const dialog = () => play.dialog(page);
  const question = page.getByRole('dialog', { name: 'Confirm it is you' });
  const confirm = async (code) => {
    await question.getByLabel('Code').fill(code);
    await question.getByRole('button', { name: 'Confirm', exact: true }).click();
  };
  /** Runs what needs a code, when the last one is too long ago, and enters a recovery code. */
  const confirmed = async (run) => {
    forgetStepUp(play, admin);
    await play.expectFailures(/status of 403/, async () => {
      await run();
      await question.waitFor();
    });
    await confirm(codes.pop());
    await question.waitFor({ state: 'hidden' });
  };
  const action = async (label) => {
    await page.getByRole('button', { name: 'Actions', exact: true }).click();
    await page.getByRole('menuitem', { name: label }).click();
  };
  const adminAction = async (label) => {
    await play.rows(page).filter({ hasText: other.email }).getByRole('button').click();
    await page.getByRole('menuitem', { name: label }).click();
  };
  const customer = await newCustomer(play, 'Emmy Noether');

  await step('signing in with a code is enough for ten minutes', async () => {
    await page.goto(`${play.url}/admin/customers/edit/${customer.uuid}`);
    await page.getByLabel('E-mail address').fill(admin.email);
    await page.getByLabel('Password', { exact: true }).fill(admin.password);
    await play.expectFailures(/status of 401/, async () => {
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByLabel(/^Code/).waitFor();
    });
    await page.getByLabel(/^Code/).fill(await app.next());
    await page.getByRole('button', { name: 'Verify' }).click();
    await action('Set a password…');
    await dialog().getByLabel('New password').fill(PASSWORD);
    await dialog().getByRole('button', { name: 'Set the password' }).click();
    await play.toast('The password is set', page);
    await signInCustomer(play, customer);
  });

  await step('setting a password: cancelled, a wrong code, a used code, the right one', async () => {
    forgetStepUp(play, admin);
    await action('Set a password…');
    await dialog().getByLabel('New password').fill('typed before the question');
    const set = dialog().getByRole('button', { name: 'Set the password' });
    await play.expectFailures(/status of 403/, async () => {
      await set.click();
      await question.waitFor();
    });
    await play.gallery('console-step-up', page);
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'hidden' });
    assert.equal(await dialog().getByLabel('New password').inputValue(), 'typed before the question');
    assert.equal(await dialog().getByRole('alert').count(), 0, 'nothing has failed');
    await play.expectFailures(/status of 403/, async () => {
      await set.dblclick();
      await question.waitFor();
    });
    for (const code of [app.wrong, app.used]) {
      await play.expectFailures(/status of 400/, async () => {
        await confirm(code);
        await question.getByText('The code is wrong, or was used before').waitFor();
      });
      // A wrong code blocks for a second, the second one in a row for two.
      await play.pause(2100);
    }
    await confirm(await app.next());
    await play.toast('The password is set', page);
    const { email } = customer;
    const { status } = await new Api(play.url).send('POST', '/api/customer/tokens', { email, password: 'typed before the question' });
    assert.equal(status, 200);
  });

  await step('erasing a customer', async () => {
    await action('Erase the customer…');
    await dialog().getByLabel(/to confirm/).fill(customer.email);
    await confirmed(() => dialog().getByRole('button', { name: 'Erase', exact: true }).click());
    await play.toast('The customer has been erased', page);
    assert.equal(await stored(play, customer.uuid), null);
  });

  await step('deleting several customers', async () => {
    const { uuid, email } = await newCustomer(play, 'Sofja Kowalewskaja');
    await page.goto(`${play.url}/admin/customers?q=${email}`);
    await page.locator('tr[data-id] .table-check input').check();
    await page.locator('.customers-bulk').getByRole('button', { name: /^(Delete|Erase)/ }).click();
    const typed = dialog().getByRole('textbox');
    if (await typed.count()) await typed.fill((await dialog().locator('.typed').textContent()).trim());
    await confirmed(() => dialog().getByRole('button', { name: /^(Delete|Erase)/ }).click());
    await play.until('the customer is gone', async () => (await stored(play, uuid)) === null);
    await dialog().locator('footer').getByRole('button', { name: 'Close' }).click();
  });

  await step('managing admins', async () => {
    await page.getByRole('link', { name: 'Admins', exact: true }).click();
    await page.getByRole('button', { name: 'New admin' }).click();
    await dialog().getByLabel('Name', { exact: true }).fill('Annie Jump Cannon');
    await dialog().getByLabel('E-mail address').fill(api.newEmail());
    await confirmed(() => dialog().getByRole('button', { name: 'Create' }).click());
    await dialog().getByText('The admin is created').waitFor();
    await dialog().getByRole('button', { name: 'Done' }).click();
    await enrol(play, other);
    await page.reload();
    await adminAction('Reset the second factor…');
    await play.axe('the question', page);
    await confirmed(() => dialog().getByRole('button', { name: 'Reset', exact: true }).click());
    await play.toast('The second factor of Evelyn Boyd is removed', page);
    await new Api(play.url).signIn(other);
    await play.mailTo(other.email, /second factor/i);
    await adminAction('Disable…');
    await dialog().getByRole('button', { name: 'Disable', exact: true }).click();
    await play.toast('Evelyn Boyd is disabled', page);
  });

  await step('the secret of a webhook', async () => {
    const receiver = await startReceiver();
    await page.goto(`${play.url}/admin/webhooks?new`);
    await dialog().getByLabel('URL').fill(receiver.url);
    await confirmed(() => dialog().getByRole('button', { name: 'Create' }).click());
    await dialog().getByText('The webhook is created').waitFor();
    await dialog().getByRole('button', { name: 'I have stored it' }).click();
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Make a new secret…' }).click();
    await confirmed(() => dialog().getByRole('button', { name: 'Make a new secret' }).click());
    await dialog().getByText('The new secret', { exact: true }).waitFor();
    await dialog().getByRole('button', { name: 'I have stored it' }).click();
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Delete…' }).click();
    await dialog().getByRole('button', { name: 'Delete', exact: true }).click();
    await play.toast('The webhook is deleted', page);
    receiver.close();
  });

  await step('a session that ended asks for a code too, and the action continues', async () => {
    await page.goto(`${play.url}/admin/customer-groups`);
    await page.getByRole('button', { name: 'New group' }).click();
    const name = `Kept ${Date.now()}`;
    await dialog().getByRole('textbox', { name: 'Name', exact: true }).fill(name);
    const refreshToken = await page.evaluate(() => sessionStorage.getItem('patron-console-refresh-token'));
    await new Api(play.url).call('POST', '/api/user/token/revoke', { refreshToken });
    const again = page.getByRole('dialog', { name: 'Sign in again' });
    await play.expectFailures(/status of 401/, async () => {
      await dialog().getByRole('button', { name: 'Create' }).click();
      await again.getByLabel('Password').fill(admin.password);
      await page.keyboard.press('Enter');
      await again.getByLabel(/^Code/).fill(codes.pop());
      await page.keyboard.press('Enter');
      await play.toast('Group created', page);
    });
    await page.getByRole('link', { name }).waitFor();
  });

  await step('new recovery codes', async () => {
    await page.goto(`${play.url}/admin/account`);
    await page.getByRole('button', { name: 'New recovery codes' }).click();
    await confirmed(() => dialog().getByRole('button', { name: 'Make new codes' }).click());
    await dialog().getByText('Your new recovery codes').waitFor();
  });
  await play.close(page);
}

/** Sets up a second factor over the API. Returns its app and its recovery codes. */
async function enrol(play, account) {
  const own = await new Api(play.url).signIn(account);
  const { secret } = await own.call('POST', '/api/user/me/second-factor', { password: account.password });
  const app = new Authenticator(secret);
  const { recovery_codes: codes } = await own.call('POST', '/api/user/me/second-factor/confirm', { code: await app.next() });
  return { app, codes };
}
