// What happens to typed text when the session ends, the network drops, or the admin is disabled.
import assert from 'node:assert/strict';
import { Api } from './api.mjs';
import { countRequests, newCustomer, stored } from './stored.mjs';

export async function interruptions(play) {
  const { api, step } = play;
  const { uuid } = await newCustomer(play);
  const admin = await play.newAdmin('Annie Easley');
  const page = await play.open();
  const form = page.locator('.customer-form');
  const name = form.getByLabel('Name', { exact: true });
  const note = form.getByLabel(/^Note/);
  const save = page.getByRole('button', { name: 'Save', exact: true });
  const again = page.getByRole('dialog', { name: 'Sign in again' });
  const isSaved = () => save.waitFor({ state: 'hidden' });
  /** Ends the session of the page, as another device of the admin does. */
  const endSession = async () => {
    const refreshToken = await page.evaluate(() => sessionStorage.getItem('patron-console-refresh-token'));
    await new Api(play.url).call('POST', '/api/user/token/revoke', { refreshToken });
  };
  await play.visit(`/customers/edit/${uuid}`, page, admin);

  await step('the session ends while a text is typed: sign in again in place, and the save continues', async () => {
    const changes = countRequests(page, /^PATCH \/api\/customers/);
    await name.fill('Typed before the session ended');
    await note.fill('A note, too');
    await endSession();
    await play.expectFailures(/status of 401/, async () => {
      await save.click();
      await again.waitFor();
    });
    await play.gallery('console-signed-out', page);
    assert.equal(await again.getByText(admin.email).count(), 1);
    await play.expectFailures(/status of 401/, async () => {
      await again.getByLabel('Password').fill('not this one');
      await again.getByRole('button', { name: 'Sign in', exact: true }).click();
      await again.getByText('The password is wrong').waitFor();
    });
    // A wrong password blocks the account for a second.
    await play.pause(1100);
    await again.getByLabel('Password').fill(admin.password);
    await again.getByRole('button', { name: 'Sign in', exact: true }).click();
    await again.waitFor({ state: 'hidden' });
    await isSaved();
    const { fullName, fields } = await stored(play, uuid);
    assert.deepEqual([fullName, fields['crm.note']], ['Typed before the session ended', 'A note, too']);
    const keys = new Set(changes.map(({ headers }) => headers['idempotency-key']));
    assert.equal(keys.size, 2, 'each request kept its key');
  });

  await step('a dialog with text stays too', async () => {
    const group = `Typed ${uuid}`;
    await page.goto(`${play.url}/admin/customer-groups`);
    await page.getByRole('button', { name: 'New group' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill(group);
    await endSession();
    await play.expectFailures(/status of 401/, async () => {
      await page.getByRole('button', { name: 'Create' }).click();
      await again.waitFor();
    });
    await again.getByLabel('Password').fill(admin.password);
    await page.keyboard.press('Enter');
    await play.toast('Group created', page);
    await page.getByRole('link', { name: group }).waitFor();
  });

  await step('the network drops and comes back', async () => {
    await page.goto(`${play.url}/admin/customers/edit/${uuid}`);
    await name.fill('Typed without a network');
    const context = page.context();
    await context.setOffline(true);
    await save.click();
    await page.getByText('Waiting for the network').waitFor();
    await play.shot('console-offline', page);
    await context.setOffline(false);
    await isSaved();
    assert.equal((await stored(play, uuid)).fullName, 'Typed without a network');
  });

  await step('a response that is lost on its way changes nothing twice', async () => {
    const before = await stored(play, uuid);
    let lost = 0;
    const lose = async (route) => {
      await route.fetch();
      lost++;
      await route.abort();
    };
    await page.route(`**/api/customers/${uuid}`, lose, { times: 1 });
    await play.expectFailures(/net::ERR_FAILED/, async () => {
      await name.fill('Sent twice, changed once');
      await save.click();
      await isSaved();
    });
    assert.equal(lost, 1);
    const { fullName, version } = await stored(play, uuid);
    assert.deepEqual([fullName, version], ['Sent twice, changed once', before.version + 1]);
  });

  await step('an admin who is disabled is out at once', async () => {
    await name.fill('Typed by a disabled admin');
    await api.call('PATCH', `/api/users/${admin.uuid}`, { status: 0 });
    await play.expectFailures(/status of 401/, async () => {
      await save.click();
      await again.waitFor();
      await again.getByLabel('Password').fill(admin.password);
      await page.keyboard.press('Enter');
      await again.getByText('or the account is disabled').waitFor();
    });
    assert.notEqual((await stored(play, uuid)).fullName, 'Typed by a disabled admin');
    await again.getByRole('button', { name: 'Sign in with another account' }).click();
    await page.getByRole('heading', { name: 'Sign in to the console' }).waitFor();
  });
  await play.close(page);
}
