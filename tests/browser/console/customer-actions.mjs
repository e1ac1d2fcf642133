// What can be done with an account besides editing it, and its timeline.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Api } from './api.mjs';
import { failDelivery, failMail } from './database.mjs';
import { startReceiver } from './receiver.mjs';
import { newCustomer, PASSWORD, signInCustomer, stored } from './stored.mjs';

export async function customerActions(play) {
  const { page, api, step } = play;
  const receiver = await startReceiver();
  const endpoint = await api.call('POST', '/api/webhook-endpoints', { url: receiver.url, description: 'The ERP', events: ['customer.*'] });
  const customer = await newCustomer(play);
  const { uuid, email } = customer;
  const action = async (label) => {
    await page.getByRole('button', { name: 'Actions', exact: true }).click();
    await page.getByRole('menuitem', { name: label }).click();
  };
  const accepts = async (password) => (await new Api(play.url).send('POST', '/api/customer/tokens', { email, password })).status === 200;
  const mailsOf = async () =>
    (await api.query('query Mails($id: String!) { mails(first: 50, customer: $id) { nodes { uuid kind status } } }', { id: uuid })).mails.nodes;
  const count = async (kind) => (await mailsOf()).filter((mail) => mail.kind === kind).length;
  await play.visit(`/customers/edit/${uuid}`);

  await step('mails to verify the address and to reset the password', async () => {
    await page.getByRole('button', { name: 'Actions', exact: true }).click();
    await page.getByRole('menu').waitFor();
    await play.gallery('console-customer-actions');
    await page.keyboard.press('Escape');
    const known = [await play.mailTo(email, /verify-email\S*token=[\w-]+/)];
    await action('Mail a link to verify the address');
    await play.toast('A link to verify the e-mail address is being mailed');
    await play.mailTo(email, /verify-email\S*token=[\w-]+/, known);
    await action('Mail a link to set a password');
    await play.toast('A link to set a new password is being mailed');
    await play.mailTo(email, /reset-password\S*token=[\w-]+/);
    await play.eventually('both mails are in the list', async () => [await count('verify_email'), await count('reset_password')], [2, 1]);
  });

  await step('a password is set', async () => {
    await signInCustomer(play, customer);
    await action('Set a password…');
    const dialog = play.dialog();
    await dialog.getByLabel('New password').fill('short');
    await dialog.getByRole('button', { name: 'Set the password' }).click();
    await dialog.getByText('at least 8 characters').first().waitFor();
    await play.expectFailures(/status of 400/, async () => {
      await dialog.getByLabel('New password').fill('password1');
      await dialog.getByRole('button', { name: 'Set the password' }).click();
      await dialog.getByText('too common').waitFor();
    });
    await play.axe('the password dialog');
    await dialog.getByRole('button', { name: 'Generate' }).click();
    const password = await dialog.getByLabel('New password').inputValue();
    await play.shot('console-customer-password');
    await dialog.getByRole('button', { name: 'Set the password' }).dblclick();
    await play.toast('The password is set');
    assert.deepEqual((await stored(play, uuid)).sessions, []);
    assert.ok(await accepts(password));
    await api.call('PATCH', `/api/customers/${uuid}`, { password: PASSWORD });
  });

  await step('one session, then all of them', async () => {
    await signInCustomer(play, customer);
    await signInCustomer(play, customer, 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148 Safari/604.1');
    await signInCustomer(play, customer);
    await page.reload();
    await page.getByRole('button', { name: /End the session of Safari/ }).click();
    await play.toast('The session has ended');
    await play.eventually('two sessions are left', async () => (await stored(play, uuid)).sessions.length, 2);
    await action('End all sessions…');
    await play.axe('the question');
    await play.dialog().getByRole('button', { name: 'End all sessions' }).click();
    await play.toast('All sessions have ended');
    await page.getByText('Not signed in anywhere').waitFor();
    assert.deepEqual((await stored(play, uuid)).sessions, []);
  });

  await step('all data is downloaded', async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), action('Download all data')]);
    const data = JSON.parse(fs.readFileSync(await download.path(), 'utf8'));
    assert.equal(data.data.customer.email, email);
    assert.equal(data.data.addresses.length, 2);
  });

  await step('the timeline has changes with the admin, sign-ins, mails and deliveries', async () => {
    const timeline = page.locator('.customer-timeline');
    const failed = (await mailsOf()).find(({ kind }) => kind === 'reset_password');
    await failMail(play, failed.uuid, '550 5.1.1 no such mailbox');
    const delivered = await play.until('a delivery', async () => (await deliveriesOf(api, endpoint.uuid)).find(({ status }) => status === 'DELIVERED'));
    await failDelivery(play, delivered.uuid, 'the receiver responded with 503');
    await page.reload();
    const show = (kind) => timeline.getByRole('button', { name: kind, exact: true }).click();
    await timeline.getByText('Grace Hopper').first().waitFor();
    await timeline.scrollIntoViewIfNeeded();
    await play.gallery('console-timeline');
    await show('Sign-ins');
    await timeline.getByText(/Safari/).first().waitFor();
    await show('Mails');
    const again = timeline.getByRole('button', { name: /Send again the mail/ });
    await timeline.getByText('550 5.1.1 no such mailbox').waitFor();
    await again.dblclick();
    await play.toast('The mail is sent again');
    await play.eventually('the mail is sent', async () => (await mailsOf()).find((mail) => mail.uuid === failed.uuid).status, 'SENT');
    await show('Webhooks');
    await timeline.getByText('the receiver responded with 503').waitFor();
    await timeline.getByRole('button', { name: /Send again the event to The ERP/ }).click();
    await play.toast('The event is sent again');
    await play.until('the event is delivered', async () => (await deliveriesOf(api, endpoint.uuid)).every(({ status }) => status === 'DELIVERED'));
    await show('Changes');
    await timeline.getByRole('button', { name: /^Details of/ }).first().click();
    await timeline.page().getByText('User agent').first().waitFor();
    await play.axe('the details of an entry');
    await page.keyboard.press('Escape');
  });

  await step('the customer is erased after its address was typed', async () => {
    await action('Erase the customer…');
    const erase = play.dialog().getByRole('button', { name: 'Erase', exact: true });
    assert.ok(await erase.isDisabled());
    await play.dialog().getByLabel(/to confirm/).fill('another@example.com');
    assert.ok(await erase.isDisabled());
    await play.gallery('console-erase');
    await play.dialog().getByLabel(/to confirm/).fill(email);
    await erase.click();
    await play.toast('The customer has been erased');
    await page.getByRole('heading', { level: 1, name: 'Customers' }).waitFor();
    assert.equal(await stored(play, uuid), null);
    await page.goto(`${play.url}/admin/customers/edit/${uuid}`);
    await page.getByText('There is no customer at this address').waitFor();
  });
  await api.call('DELETE', `/api/webhook-endpoints/${endpoint.uuid}`);
  receiver.close();
}

const deliveriesOf = async (api, endpoint) =>
  (await api.query('query Of($id: String!) { webhookDeliveries(first: 50, endpoint: $id) { nodes { uuid status } } }', { id: endpoint }))
    .webhookDeliveries.nodes;
