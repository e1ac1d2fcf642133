// The list of customers: columns, order, pages, and the address that reproduces all of it.
import assert from 'node:assert/strict';

/** The columns of the list that can be sorted by, with their names in the address, and the field of the API. */
const SORTS = [
  ['Name', 'name', 'FULL_NAME'],
  ['E-mail', 'email', 'EMAIL'],
  ['Status', 'status', 'STATUS'],
  ['Verified', 'verified', 'EMAIL_VERIFIED_AT'],
  ['Group', 'group', 'GROUP_ID'],
  ['Registered', 'created', 'CREATED_AT'],
  ['Last sign-in', 'signed_in', 'LAST_SIGN_IN_AT'],
  ['Last change', 'updated', 'UPDATED_AT'],
  ['ID', 'number', 'CUSTOMER_ID'],
];
const ROWS = `query ($sort: [CustomerSort!], $filter: CustomerFilter) {
  customersConnection(first: 50, sort: $sort, filter: $filter) { totalCount nodes { email } }
}`;

export async function list(play) {
  const { page, api, step } = play;
  const emails = () => play.column('E-mail');
  const header = (label) => page.getByRole('columnheader', { name: label, exact: true });
  /** The first page as the API returns it. */
  const expected = async (sort, filter) =>
    (await api.query(ROWS, { sort, filter })).customersConnection.nodes.map(({ email }) => email);

  await step('the list shows the newest customers, and their number', async () => {
    await play.visit('/customers');
    const total = Number((await play.total()).replace(/\D/g, ''));
    assert.equal(total, (await api.query(ROWS)).customersConnection.totalCount);
    await play.eventually('the order of the API', emails, await expected());
    await play.gallery('console-customers');
  });

  await step('a row opens its customer, and the way back leads to the list', async () => {
    await play.visit('/customers?q=customer1000@');
    await play.eventually('the customer', play.total, '1 customer');
    await play.rows().first().getByText('customer1000@example.com').click();
    await page.getByLabel('Name', { exact: true }).waitFor();
    await play.until('the page is complete', async () => !(await page.locator('.skeleton').count()));
    await play.gallery('console-customer');
    await page.goBack();
    await play.eventually('the list', play.total, '1 customer');
  });

  await step('columns are chosen, ordered and remembered', async () => {
    await play.visit('/customers');
    await page.getByRole('button', { name: 'Columns' }).click();
    const chooser = page.getByRole('dialog', { name: 'Columns' });
    assert.ok(await chooser.getByLabel('Name', { exact: true }).isDisabled(), 'the name can be hidden');
    for (const label of ['Tier', 'Addresses', 'Points', 'Favourite colour', 'Last change', 'ID']) {
      await chooser.getByLabel(label, { exact: true }).check();
    }
    await chooser.getByLabel('Verified', { exact: true }).uncheck();
    await chooser.getByRole('button', { name: 'Move Tier up' }).click();
    await chooser.getByRole('button', { name: 'Move E-mail down' }).click();
    await play.axe('the chooser of columns');
    await play.shot('console-columns');
    await page.keyboard.press('Escape');
    const labels = ['Name', 'Status', 'E-mail', 'Group', 'Registered', 'Tier', 'Last sign-in', 'Addresses', 'Points', 'Favourite colour', 'Last change', 'ID'];
    const headers = async () => (await page.getByRole('columnheader').allInnerTexts()).map((text) => text.trim()).filter(Boolean);
    await play.eventually('the columns in their order', headers, labels);
    assert.match(decodeURIComponent(page.url()), /columns=name,status,email,group,created,loyalty\.tier,signed_in,/);
    await play.total();
    assert.ok((await play.column('Tier')).every((text) => ['gold', 'silver', 'bronze', '–'].includes(text)));
    await page.getByRole('link', { name: 'Groups' }).click();
    await page.getByRole('link', { name: 'Customers' }).click();
    await play.eventually('the columns are remembered', headers, labels);
  });

  await step('each column sorts, in both directions', async () => {
    await play.visit(`/customers?columns=${SORTS.map(([, name]) => name)}`);
    for (const [label, name, field] of SORTS) {
      const directions = new Set();
      for (const _ of ['first', 'second']) {
        await header(label).getByRole('button').click();
        await play.until('sorted', () => new RegExp(`sort=-?${name}(&|$)`).test(page.url()));
        await play.until(`the header ${label} shows the order`, () => header(label).getAttribute('aria-sort'));
        const direction = page.url().includes(`sort=-${name}`) ? 'DESC' : 'ASC';
        await play.eventually(`by ${label}, ${direction}`, emails, await expected([{ field, direction }]));
        directions.add(direction);
      }
      assert.equal(directions.size, 2, label);
    }
  });

  await step('pages lead forward and back, and an address reproduces the view', async () => {
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('dialog', { name: 'Columns' }).getByRole('button', { name: 'Reset' }).click();
    await play.until('the initial columns', () => !page.url().includes('columns='));
    await play.visit('/customers?status=1&sort=email');
    await play.total();
    const pages = [await emails()];
    const move = async (button) => {
      const [first] = await emails();
      await page.getByRole('button', { name: button, exact: true }).click();
      await play.until(`the button ${button}`, async () => ![undefined, first].includes((await emails())[0]));
      await play.total();
      return emails();
    };
    pages.push(await move('Next'), await move('Next'));
    assert.equal(new Set(pages.flat()).size, 150);
    assert.deepEqual(pages.flat(), pages.flat().toSorted());
    const address = page.url();
    assert.deepEqual(await move('Previous'), pages[1]);
    await page.reload();
    await play.eventually('a reload shows the same page', emails, pages[1]);
    assert.deepEqual(await move('Previous'), pages[0]);
    assert.ok(await page.getByRole('button', { name: 'Previous', exact: true }).isDisabled());
    await page.goBack();
    await play.eventually('the way back of the browser', emails, pages[1]);
    const other = await play.open();
    await play.visit(address.split('/admin')[1], other);
    await play.eventually('a colleague sees the same page', () => play.column('E-mail', other), pages[2]);
    await play.close(other);
  });
}
