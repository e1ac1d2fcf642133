// A new customer: what is missing, an e-mail address that is taken, and the mailed link.
import assert from 'node:assert/strict';

const FOUND = `query ($email: String!) {
  customersConnection(filter: { email: { eq: $email } }) { nodes { uuid fullName group { groupName } } }
}`;

export async function newCustomer(play) {
  const { page, api, step } = play;

  await step('a new customer is created, and gets a link to choose a password', async () => {
    await play.visit('/customers');
    await page.getByRole('link', { name: 'New customer' }).click();
    await page.getByRole('heading', { name: 'New customer' }).waitFor();
    await page.getByRole('button', { name: 'Create customer' }).click();
    await page.getByText('Name is required').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('Annie Easley');
    await page.getByLabel('E-mail address').fill('customer1@example.com');
    await play.axe('a new customer');
    await play.shot('console-new-customer');
    await play.expectFailures(/status of 409/, async () => {
      await page.getByRole('button', { name: 'Create customer' }).click();
      await page.getByText('Another customer has this e-mail address').waitFor();
    });
    const email = api.newEmail();
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Group').selectOption({ label: 'VIP' });
    await page.getByRole('button', { name: 'Create customer' }).dblclick();
    await page.getByRole('heading', { name: 'Annie Easley' }).waitFor();
    await play.mailTo(email, /\/account\/reset-password#token=[\w-]+/);
    const [saved, ...others] = (await api.query(FOUND, { email })).customersConnection.nodes;
    assert.equal(others.length, 0);
    assert.deepEqual([saved.fullName, saved.group.groupName], ['Annie Easley', 'VIP']);
    assert.ok(page.url().endsWith(`/admin/customers/edit/${saved.uuid}`), page.url());
  });
}
