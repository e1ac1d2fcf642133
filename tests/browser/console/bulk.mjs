// Bulk actions: each one over selected rows, over everything that a filter finds, with rows that fail, and with a connection that breaks.
import assert from 'node:assert/strict';

const PEOPLE = ['Ada Lovelace', 'Emmy Noether', 'Lise Meitner', 'Chien-Shiung Wu', 'Vera Rubin', 'Maryam Mirzakhani'];
const BULK = '**/api/customers/bulk';
const NAMED = `query ($keyword: String!) {
  customersConnection(first: 50, filter: { keyword: $keyword }) { nodes { uuid status group { groupName } } }
}`;

export async function bulk(play) {
  const { page, api, step } = play;
  const bar = page.locator('.customers-bulk');
  const report = (text) => play.dialog().getByRole('heading', { name: text, exact: true }).waitFor();
  const close = () => play.dialog().locator('.dialog-footer, footer').getByRole('button', { name: 'Close' }).click();
  const boxes = page.locator('tr[data-id] .table-check input');
  /** Customers whose e-mail addresses the list searches. Returns how to read them. */
  const prepare = async (count, word) => {
    const domain = `${word}${Date.now()}.example`;
    for (const [at, full_name] of PEOPLE.slice(0, count).entries()) {
      await api.newCustomer({ full_name, email: `${full_name.split(' ')[0].toLowerCase()}${at}@${domain}` });
    }
    await play.visit(`/customers?q=${domain}`);
    await play.eventually('the customers are shown', play.total, `${count} customers`);
    return async () => (await api.query(NAMED, { keyword: domain })).customersConnection.nodes;
  };
  const start = async (label, action) => {
    await bar.getByRole('button', { name: label, exact: true }).click();
    await play.dialog().getByRole('button', { name: action, exact: true }).waitFor();
  };
  const confirm = (action) => play.dialog().getByRole('button', { name: action, exact: true }).click();

  await step('a range is disabled, although the connection breaks after the change', async () => {
    const saved = await prepare(6, 'disable');
    await boxes.nth(0).check();
    await boxes.nth(4).click({ modifiers: ['Shift'] });
    await bar.getByText('5 selected').waitFor();
    await play.shot('console-selected');
    await start('Disable', 'Disable');
    assert.match(await play.dialog().innerText(), /Disable 5 customers\?/);
    await play.axe('the question of a bulk action');
    await play.shot('console-bulk-question');
    const keys = [];
    page.on('request', (request) => request.url().endsWith('/bulk') && keys.push(request.headers()['idempotency-key']));
    await page.route(BULK, (route) => route.fetch().then(() => route.abort('connectionreset')), { times: 1 });
    await play.expectFailures(/ERR_CONNECTION_RESET/, async () => {
      await play.dialog().getByRole('button', { name: 'Disable', exact: true }).dblclick();
      await report('Disable: 5 done');
    });
    assert.ok(keys.length === 2 && keys[0] && keys[0] === keys[1], `the keys of the requests: ${keys}`);
    await play.axe('the report of a bulk action');
    await play.shot('console-bulk-report');
    await close();
    await bar.waitFor({ state: 'detached' });
    await play.eventually('the list shows it', async () => (await play.column('Status')).toSorted(), [...Array(5).fill('Disabled'), 'Enabled']);
    assert.equal((await saved()).filter(({ status }) => status === 0).length, 5);
  });

  await step('all of a page are enabled, and one was already', async () => {
    await page.getByLabel('Select all rows of this page').check();
    await bar.getByText('6 selected').waitFor();
    await start('Enable', 'Enable');
    await confirm('Enable');
    await report('Enable: 5 done, 1 already so');
    await close();
    await play.eventually('the list shows it', () => play.column('Status'), Array(6).fill('Enabled'));
  });

  await step('a group is set', async () => {
    const saved = await prepare(2, 'group');
    await page.getByLabel('Select all rows of this page').check();
    await start('Set group…', 'Set group');
    await play.dialog().getByLabel('New group').selectOption({ label: 'VIP' });
    await confirm('Set group');
    await report('Set group: 2 done');
    await close();
    assert.deepEqual((await saved()).map(({ group }) => group.groupName), ['VIP', 'VIP']);
  });

  await step('sessions are ended', async () => {
    const customer = { email: api.newEmail(), password: 'correct horse battery', full_name: `Session ${Date.now()}` };
    await api.newCustomer(customer);
    const { accessToken } = await api.call('POST', '/api/customer/tokens', customer);
    const status = async () =>
      (await api.send('POST', '/api/graphql', { query: '{ __typename }' }, { Authorization: `Bearer ${accessToken}` })).status;
    assert.equal(await status(), 200);
    await play.visit(`/customers?q=${customer.email}`);
    await boxes.first().check();
    await start('End sessions', 'End sessions');
    await confirm('End sessions');
    await report('End sessions: 1 done');
    await close();
    assert.equal(await status(), 401);
  });

  await step('customers are deleted, after the number is typed', async () => {
    const saved = await prepare(3, 'delete');
    await boxes.nth(0).check();
    await boxes.nth(1).check();
    await start('Delete…', 'Delete');
    assert.ok(await play.dialog().getByRole('button', { name: 'Delete', exact: true }).isDisabled());
    await play.shot('console-bulk-delete');
    await play.dialog().getByLabel(/to confirm/).fill('delete 2 customers');
    await page.keyboard.press('Enter');
    await report('Delete: 2 done');
    await close();
    await play.eventually('one is left', () => play.total(), '1 customer');
    assert.equal((await saved()).length, 1);
  });

  await step('rows that failed are tried again, and only they', async () => {
    const saved = await prepare(2, 'retry');
    const [{ uuid }] = await saved();
    await page.getByLabel('Select all rows of this page').check();
    await api.call('DELETE', `/api/customers/${uuid}`);
    await start('Disable', 'Disable');
    await confirm('Disable');
    await report('Disable: 1 done, 1 failed');
    await play.shot('console-bulk-failed');
    await play.dialog().getByRole('button', { name: 'Retry 1 failed' }).click();
    await report('Disable: 0 done, 1 failed');
    assert.deepEqual(await play.dialog().locator('tr[data-id]').evaluateAll((rows) => rows.map((row) => row.dataset.id)), [uuid]);
    await close();
  });

  await step('everything that a filter finds, which another admin changes first', async () => {
    await play.visit('/customers?city=Berlin');
    const total = Number((await play.total()).replace(/\D/g, ''));
    await page.getByLabel('Select all rows of this page').check();
    await bar.getByRole('button', { name: `Select all ${total}` }).click();
    await bar.getByText(`${total} selected`).waitFor();
    await start('Set group…', 'Set group');
    await play.dialog().getByLabel('New group').selectOption({ label: 'Wholesale' });
    await play.dialog().getByText(`Move ${total} customers?`).waitFor();
    // Another admin makes one more.
    const { uuid } = await api.newCustomer({ full_name: 'One More' });
    const place = { address_1: 'Unter den Linden 1', postcode: '10117', city: 'Berlin', province: 'DE-BE', country: 'DE' };
    await api.call('POST', `/api/customers/${uuid}/addresses`, { full_name: 'One More', telephone: '1', ...place });
    await play.expectFailures(/status of 409/, async () => {
      await confirm('Set group');
      await play.dialog().getByText(`The filter finds ${total + 1} customers now, not ${total}`).waitFor();
    });
    await play.shot('console-bulk-changed');
    await play.dialog().getByRole('button', { name: 'Count again' }).click();
    await play.dialog().getByText(`Move ${total + 1} customers?`).waitFor();
    // The progress is shown while the server works.
    let go;
    const working = new Promise((resolve) => (go = resolve));
    await page.route(BULK, (route) => working.then(() => route.continue()), { times: 1 });
    await confirm('Set group');
    await play.dialog().getByText(`Moving ${total + 1} customers…`).waitFor();
    await play.shot('console-bulk-progress');
    go();
    await play.dialog().getByRole('heading', { name: /^Set group: \d+ done(, \d+ already so)?$/ }).waitFor();
    await close();
    await play.eventually('all are in the group', async () => new Set(await play.column('Group')), new Set(['Wholesale']));
  });

  await step('more than a thousand are refused', async () => {
    await play.visit('/customers');
    const total = (await play.total()).replace(/ .*/, '');
    await page.getByLabel('Select all rows of this page').check();
    await bar.getByRole('button', { name: `Select all ${total}` }).click();
    await bar.getByRole('button', { name: 'End sessions' }).click();
    await play.dialog().getByText('At most 1,000 customers').waitFor();
    assert.ok(await play.dialog().getByRole('button', { name: 'End sessions' }).isDisabled());
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await bar.waitFor({ state: 'detached' });
  });
}
