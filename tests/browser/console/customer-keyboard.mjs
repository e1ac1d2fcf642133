// The page of a customer by keyboard alone: edit and save, settle a conflict, erase.
import assert from 'node:assert/strict';
import { newCustomer, stored } from './stored.mjs';

export async function customerKeyboard(play) {
  const { page, api, step } = play;
  const { uuid, email } = await newCustomer(play, 'Hedy Lamarr');
  const press = (key) => page.keyboard.press(key);
  const type = (text) => page.keyboard.type(text);
  const tabTo = (label) =>
    play.until(`the focus is on ${label}`, async () => {
      if ((await play.focused()).startsWith(label)) return true;
      await press('Tab');
      return false;
    });
  const comparison = page.getByRole('dialog').filter({ has: page.locator('.diff') });
  await play.visit(`/customers/edit/${uuid}`);
  await page.getByRole('heading', { level: 1, name: 'Hedy Lamarr' }).waitFor();

  await step('edit and save', async () => {
    await press('e');
    await play.until('the name has the focus', async () => (await play.focused()) === 'Name');
    await press('Control+a');
    await type('Hedwig Kiesler');
    await tabTo('Points');
    await type('5');
    await tabTo('Add address');
    await press('Enter');
    await tabTo('Country');
    await type('Austria');
    await tabTo('Street address');
    await type('Am Hof 1');
    await tabTo('Postcode');
    await type('1010');
    await tabTo('Province');
    await play.until('the provinces are loaded', () => page.evaluate(() => !document.activeElement.disabled && document.activeElement.options?.length > 2));
    await type('Wien');
    await press('Control+s');
    await play.toast(/^Saved$/);
    const { fullName, fields, addresses } = await stored(play, uuid);
    assert.deepEqual([fullName, fields['loyalty.points'], addresses.length], ['Hedwig Kiesler', 5, 3]);
    assert.equal(addresses.find(({ address1 }) => address1 === 'Am Hof 1').country.code, 'AT');
  });

  await step('settle a conflict', async () => {
    await press('e');
    await play.until('the name has the focus', async () => (await play.focused()) === 'Name');
    await press('Control+a');
    await type('Mine');
    await api.call('PATCH', `/api/customers/${uuid}`, { full_name: 'Theirs', status: 0 });
    await play.expectFailures(/status of 412/, async () => {
      await press('Control+s');
      await comparison.waitFor();
    });
    await play.until('the focus is in the comparison', () => comparison.evaluate((dialog) => dialog.contains(document.activeElement)));
    const choice = () => page.evaluate(() => document.activeElement.closest('fieldset')?.querySelector('legend')?.textContent);
    await play.until('the focus is on the name', async () => {
      if ((await choice())?.startsWith('Name')) return true;
      await press('Tab');
      return false;
    });
    // From theirs to mine.
    await press('Space');
    await press('ArrowDown');
    assert.ok(await comparison.getByRole('radio', { name: /Yours/ }).first().isChecked());
    await press('Enter');
    await play.toast(/^Saved$/);
    await comparison.waitFor({ state: 'hidden' });
    const { fullName, status } = await stored(play, uuid);
    assert.deepEqual([fullName, status], ['Mine', 0]);
  });

  await step('erase', async () => {
    // The shortcut works outside of text.
    await tabTo('Add address');
    await press('a');
    await page.getByRole('menu').waitFor();
    await press('End');
    assert.equal(await play.focused(), 'Erase the customer…');
    await press('Enter');
    await play.dialog().getByText('Erase this customer?').waitFor();
    await type(email);
    await press('Enter');
    await play.toast('The customer has been erased');
    await page.getByRole('heading', { level: 1, name: 'Customers' }).waitFor();
    assert.equal(await stored(play, uuid), null);
  });
}
