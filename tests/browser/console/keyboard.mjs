// The main things with the keyboard alone: sign-in, search, filter, selection, a bulk action, an edit with its save, and the areas.
import assert from 'node:assert/strict';

const AREAS = { o: 'Overview', r: 'Groups', f: 'Custom fields', m: 'Mails', w: 'Webhooks', a: 'Admins', c: 'Customers' };

export async function keyboard(play) {
  const { api, step } = play;
  const account = await play.newAdmin('Dorothy Hodgkin');
  const page = await play.open();
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focused = () => play.focused(page);
  /** Presses a key until this has the focus. */
  const reach = async (label, key = 'Tab', most = 40) => {
    for (let presses = 0; !label.test(await focused()); presses++) {
      assert.ok(presses < most, `${key} does not reach ${label}; the focus is on ${await focused()}`);
      await press(key);
    }
  };
  const selected = page.locator('tr[data-selected]');
  const word = `Keys${Date.now()}`;
  const customers = [];
  for (const number of [1, 2, 3]) customers.push(await api.newCustomer({ full_name: `${word} ${number}` }));
  const saved = async ({ uuid }) =>
    (await api.query('query ($uuid: String!) { customer(id: $uuid) { fullName status } }', { uuid })).customer;

  await step('the sign-in', async () => {
    await page.goto(`${play.url}/admin/customers`);
    await page.getByLabel('E-mail address').waitFor();
    await page.keyboard.type(account.email);
    await press('Tab');
    await page.keyboard.type(account.password);
    await press('Enter');
    await play.total(page);
  });

  await step('/ searches, j and k move, x selects, Escape clears', async () => {
    await press('/');
    await page.keyboard.type(word);
    await play.eventually('the search', () => play.total(page), '3 customers');
    await press('Escape', 'j', 'j', 'k', 'x', 'j', 'x');
    await play.eventually('two rows are selected', () => selected.count(), 2);
    await press('Escape');
    await play.eventually('none is selected', () => selected.count(), 0);
  });

  await step('a filter is added', async () => {
    await press('/');
    await reach(/^Filter$/);
    await press('Enter');
    await play.until('the search of filters has the focus', async () => (await focused()) === 'Search filters');
    await page.keyboard.type('status');
    await press('Enter');
    await play.until('the first choice has the focus', async () => (await focused()).startsWith('Enabled'));
    await press('ArrowUp', 'ArrowDown', 'Space', 'Enter');
    await play.until('the filter applies', () => page.url().includes('status=1'));
    await play.eventually('the filtered list', () => play.total(page), '3 customers');
  });

  await step('two rows are disabled', async () => {
    await reach(new RegExp(`${word} 3`), 'j', 2);
    await press('x', 'j', 'x', 'b');
    await play.until('the actions have the focus', async () => (await focused()) === 'Enable');
    await reach(/^Disable$/);
    await press('Enter');
    await play.dialog(page).getByText('Disable 2 customers?').waitFor();
    await press('Enter');
    await play.dialog(page).getByText('Disable: 2 done').waitFor();
    await press('Escape');
    await play.eventually('one is still enabled', () => play.total(page), '1 customer');
    assert.deepEqual((await Promise.all(customers.map(saved))).map(({ status }) => status), [1, 0, 0]);
  });

  await step('e edits, and a change is saved', async () => {
    await press('j', 'e');
    await page.getByRole('heading', { level: 1, name: `${word} 1` }).waitFor();
    await reach(/^Name/);
    await press('Control+a');
    await page.keyboard.type(`${word} edited by keys`);
    await press('Control+s');
    await page.getByRole('heading', { level: 1, name: `${word} edited by keys` }).waitFor();
    await play.toast('Saved', page);
    assert.equal((await saved(customers[0])).fullName, `${word} edited by keys`);
  });

  await step('? lists the keys, and g with a letter opens each area', async () => {
    await page.getByRole('heading', { level: 1 }).evaluate(() => document.activeElement.blur());
    await press('?');
    await play.dialog(page).getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor();
    await play.axe('the list of keys', page);
    await play.shot('console-keys', page);
    await press('Escape');
    for (const [key, name] of Object.entries(AREAS)) {
      await press('g', key);
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
    }
  });
  await play.close(page);
}
