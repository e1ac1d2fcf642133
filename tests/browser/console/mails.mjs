// The list of mails: the failed ones first, sent again one by one and together.
import assert from 'node:assert/strict';
import { failMail } from './database.mjs';
import { newCustomer } from './stored.mjs';

export async function mails(play) {
  const { page, api, step } = play;
  const customers = [await newCustomer(play, 'Ada Lovelace'), await newCustomer(play, 'ليلى حداد'), await newCustomer(play, 'Zoë Žižek')];
  const mailOf = async ({ uuid }) => {
    const { mails: found } = await api.query('query Of($id: String!) { mails(first: 5, customer: $id) { nodes { uuid status attempts recipient } } }', { id: uuid });
    return found.nodes[0];
  };
  const statusOf = async (customer) => (await mailOf(customer)).status;
  const row = ({ email }) => play.rows().filter({ hasText: email });
  for (const customer of customers) {
    await play.eventually('the mail is sent', () => statusOf(customer), 'SENT');
    await failMail(play, (await mailOf(customer)).uuid, '550 5.1.1 The mailbox does not exist: certificate verify failed for the relay mx1.example.com');
  }

  await step('the failed mails come first, with the reason', async () => {
    await play.visit('/mails');
    for (const customer of customers) await row(customer).getByText('550 5.1.1').waitFor();
    assert.equal(await page.getByRole('link', { name: /^Failed/ }).getAttribute('aria-current'), 'page');
    await play.gallery('console-mails');
  });

  await step('one is sent again, then all that are left', async () => {
    const [first, ...others] = customers;
    const known = [await play.mailTo(first.email, /verify-email\S*token=[\w-]+/)];
    await row(first).getByRole('button', { name: /^Retry/ }).dblclick();
    await play.toast(`The mail to ${first.email} is sent again`);
    await play.eventually('it is sent', () => statusOf(first), 'SENT');
    await play.mailTo(first.email, /verify-email\S*token=[\w-]+/, known);
    await row(first).waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: /^Retry all/ }).click();
    await play.toast('mails are sent again');
    for (const customer of others) await play.eventually('it is sent', () => statusOf(customer), 'SENT');
    await page.getByText('No mail has failed').waitFor();
    await play.axe('no failed mails');
  });

  await step('the mails by status, and of one customer', async () => {
    await page.getByRole('link', { name: 'Sent', exact: true }).click();
    await row(customers[2]).waitFor();
    await page.getByRole('link', { name: 'All', exact: true }).click();
    await row(customers[1]).waitFor();
    await page.goto(`${play.url}/admin/mails?customer=${customers[0].uuid}`);
    await page.getByText('Only mails to').waitFor();
    await row(customers[0]).first().waitFor();
    assert.equal(await row(customers[1]).count(), 0);
    await play.axe('the mails of a customer');
  });
}
