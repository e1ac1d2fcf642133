// Names in all scripts, from right to left, with 255 emoji or without a space, in the list and on the page of the customer.
import assert from 'node:assert/strict';

const NAMES = [
  'Ōe Kenzaburō 大江 健三郎',
  'فاطمة بنت محمد (Fatima)',
  'שרה לוי 123',
  'நிலா சுப்பிரமணியன்',
  'Владимир Зворыкин',
  '‮evil override‬',
  '<b>bold</b> & "quoted"',
  'W'.repeat(255),
  '🎉'.repeat(255),
  'e\u0301'.repeat(100),
];

export async function names(play) {
  const { page, api, step } = play;
  const word = `names${Date.now()}`;
  const customers = [];
  for (const [at, full_name] of NAMES.entries()) {
    customers.push(await api.newCustomer({ full_name, email: `${word}-${at}@example.com` }));
  }

  await step('the list shows them, each in its row', async () => {
    await play.visit(`/customers?q=${word}&sort=number`);
    await play.eventually('all of them', () => play.total(), `${NAMES.length} customers`);
    assert.deepEqual(await page.locator('td[data-label="Name"]').allTextContents(), customers.map(({ full_name }) => full_name));
    const heights = await play.rows().evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
    assert.ok(Math.max(...heights) - Math.min(...heights) < 2, `the rows have different heights: ${heights}`);
    await play.fits('the list of names');
    await play.gallery('console-names');
  });

  await step('the page of a customer fits, whatever the name', async () => {
    const phone = await play.open({ phone: true });
    await play.visit('/customers', phone);
    for (const { uuid, full_name } of customers.slice(-5)) {
      for (const tab of [page, phone]) {
        await tab.goto(`${play.url}/admin/customers/edit/${uuid}`);
        await tab.getByRole('heading', { level: 1 }).filter({ hasText: full_name.slice(0, 20) }).waitFor();
        await play.fits(full_name, tab);
      }
    }
    await play.close(phone);
  });
}
