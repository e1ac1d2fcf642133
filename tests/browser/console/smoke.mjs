// The short run, on any database: sign-in, list, search, filters, an edit with its save, and each screen.
import assert from 'node:assert/strict';

const SCREENS = {
  '': 'Overview',
  '/customers': 'Customers',
  '/customers/new': 'New customer',
  '/customer-groups': 'Groups',
  '/fields': 'Custom fields',
  '/mails': 'Mails',
  '/webhooks': 'Webhooks',
  '/admins': 'Admins',
  '/account': 'Own account',
};

export async function smoke(play) {
  const { page, api, step } = play;
  const word = `Smoke${Date.now()}`;
  const customers = [];
  for (const name of ['Ångström', 'Zuse', 'Émilie']) customers.push(await api.newCustomer({ full_name: `${word} ${name}` }));
  await api.call('PATCH', `/api/customers/${customers[0].uuid}`, { status: 0 });
  const place = { address_1: 'Leopoldstraße 1', postcode: '80802', city: 'München', province: 'DE-BY', country: 'DE' };
  await api.call('POST', `/api/customers/${customers[1].uuid}/addresses`, { full_name: 'Zuse', telephone: '+49 89 1234', ...place });
  const names = () => play.column('Name');

  await step('the list is searched, filtered and sorted', async () => {
    await play.visit('/customers');
    await play.rows().first().waitFor();
    await page.getByLabel('Search customers').fill(`${word.toLowerCase()} angstrom`);
    await play.eventually('the search', names, [`${word} Ångström`]);
    await page.getByLabel('Search customers').fill('munch 1234');
    await play.eventually('the search in addresses', async () => (await names()).includes(`${word} Zuse`), true);
    await play.visit(`/customers?q=${word}&status=0`);
    await play.eventually('a filter', names, [`${word} Ångström`]);
    await play.visit(`/customers?q=${word}&country=DE&postcode=808`);
    await play.eventually('filters by address', names, [`${word} Zuse`]);
    await play.visit(`/customers?q=${word}&sort=-number`);
    await play.eventually('the order', names, customers.map(({ full_name }) => full_name).toReversed());
  });

  await step('a customer is edited and saved', async () => {
    await page.getByRole('link', { name: `${word} Émilie` }).click();
    await page.getByLabel('Name', { exact: true }).fill(`${word} du Châtelet`);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: `${word} du Châtelet` }).waitFor();
    const saved = await api.query('query ($uuid: String!) { customer(id: $uuid) { fullName } }', { uuid: customers[2].uuid });
    assert.equal(saved.customer.fullName, `${word} du Châtelet`);
  });

  await step('each screen opens', async () => {
    for (const [path, heading] of Object.entries(SCREENS)) {
      await play.visit(path);
      await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
      await play.until(`${heading} is loaded`, async () => !(await page.locator('.skeleton').count()));
      assert.equal(await page.getByRole('alert').count(), 0, heading);
    }
  });
}
