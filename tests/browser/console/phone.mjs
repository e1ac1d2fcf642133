// A phone with a touch screen: the list as cards, the navigation, filters, the order, the selection and an edit.
import assert from 'node:assert/strict';

export async function phone(play) {
  const { api, step } = play;
  const customer = await api.newCustomer({ full_name: 'Hedy Lamarr' });
  const page = await play.open({ phone: true });
  const button = (name) => page.getByRole('button', { name, exact: true });

  await step('the list is one of cards, and no value breaks', async () => {
    await page.goto(`${play.url}/admin/customers`);
    await page.getByLabel('E-mail address').waitFor();
    await play.fits('the sign-in', page);
    await play.signIn(page);
    await play.total(page);
    await play.fits('the list', page);
    const tall = await page.locator('tr[data-id] td:not(.table-check)').evaluateAll((cells) =>
      cells.filter((cell) => cell.getBoundingClientRect().height > 30).map((cell) => cell.textContent),
    );
    assert.deepEqual(tall, [], 'values of more than one line');
    await play.axe('the list on a phone', page);
    await play.shot('console-phone-list', page);
  });

  await step('the navigation opens, and leads', async () => {
    await button('Navigation').tap();
    await play.axe('the navigation of a phone', page);
    await play.shot('console-phone-navigation', page);
    await play.dialog(page).getByRole('link', { name: 'Groups' }).tap();
    await page.getByRole('heading', { level: 1, name: 'Groups' }).waitFor();
    await play.fits('the groups', page);
    await page.goBack();
    await play.total(page);
  });

  await step('the list is filtered and sorted', async () => {
    await button('Filter').tap();
    await play.shot('console-phone-filter', page);
    await page.getByRole('dialog', { name: 'Add a filter' }).getByRole('button', { name: 'Status' }).tap();
    await page.getByLabel('Enabled').check();
    await button('Apply').tap();
    await button('Sort').tap();
    await page.getByRole('menuitemradio', { name: 'Registered' }).tap();
    await play.until('sorted', () => /status=1.*sort=-created/.test(page.url()));
    await play.total(page);
    assert.equal(await play.rows(page).first().getAttribute('data-id'), customer.uuid);
    await play.fits('a filtered list', page);
  });

  await step('customers are selected', async () => {
    await page.locator('tr[data-id] .table-check input').first().check();
    await page.locator('.customers-bulk').getByText('1 selected').waitFor();
    await play.fits('a selection', page);
    await play.shot('console-phone-selected', page);
    await button('Delete…').tap();
    await play.shot('console-phone-delete', page);
    await button('Cancel').tap();
    await button('Clear the selection').tap();
  });

  await step('a customer is edited', async () => {
    await page.getByRole('link', { name: 'Hedy Lamarr' }).first().tap();
    await page.getByLabel('Name', { exact: true }).fill('Hedwig Kiesler');
    await play.fits('a changed customer', page);
    await play.shot('console-phone-customer', page);
    await button('Save').tap();
    await page.getByRole('heading', { level: 1, name: 'Hedwig Kiesler' }).waitFor();
    const saved = await api.query('query ($uuid: String!) { customer(id: $uuid) { fullName } }', { uuid: customer.uuid });
    assert.equal(saved.customer.fullName, 'Hedwig Kiesler');
  });
  await play.close(page);
}
