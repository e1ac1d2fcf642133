// Two admins change one customer: what each changed is compared field by field, the choice is saved, and nothing typed is lost.
import assert from 'node:assert/strict';
import { newCustomer, stored } from './stored.mjs';

export async function customerConflicts(play) {
  const { page, api, step } = play;
  const { uuid } = await newCustomer(play);
  const other = await play.newAdmin('Dorothy Vaughan');
  const theirs = await play.open();
  const formOf = (at) => at.locator('.customer-form');
  const name = (at = page) => formOf(at).getByLabel('Name', { exact: true });
  const points = (at = page) => formOf(at).getByLabel(/^Points/);
  const save = (at = page) => at.getByRole('button', { name: 'Save', exact: true });
  const comparison = page.getByRole('dialog').filter({ has: page.locator('.diff') });
  const field = (label) => comparison.locator('fieldset').filter({ has: page.locator('legend', { hasText: label }) });
  const shown = async (label) => {
    const values = await field(label).locator('.diff-value').allTextContents();
    return { before: values[0], theirs: values[1], mine: values[2] };
  };
  const saveChoice = comparison.getByRole('button', { name: 'Save these values' });
  const refused = (run) => play.expectFailures(/status of 412/, run);
  const open = async (at, account) => {
    await play.visit(`/customers/edit/${uuid}`, at, account);
    await name(at).waitFor();
  };
  await open(page);

  await step('another admin saves first, in another browser', async () => {
    await name().fill('Mine');
    await points().fill('7');
    await formOf(page).getByLabel('Status').selectOption({ label: 'Disabled' });
    await open(theirs, other);
    await name(theirs).fill('Theirs');
    await points(theirs).fill('8');
    await formOf(theirs).getByLabel('Group').selectOption({ label: 'Wholesale' });
    await save(theirs).click();
    await play.toast(/^Saved$/, theirs);
    await refused(async () => {
      await save().click();
      await comparison.waitFor();
    });
    await comparison.getByText('Dorothy Vaughan changed it last').waitFor();
    assert.deepEqual(await shown('Name'), { before: 'Ada Lovelace', theirs: 'Theirs', mine: 'Mine' });
    assert.deepEqual(await shown('Points'), { before: 'empty', theirs: '8', mine: '7' });
    assert.ok(await saveChoice.isDisabled());
    await play.gallery('console-conflict');
    assert.equal((await stored(play, uuid)).fullName, 'Theirs', 'nothing is overwritten');
  });

  await step('a choice for each field is saved, over a third change too', async () => {
    await field('Name').getByLabel(/Yours/).check();
    await field('Points').getByLabel(/Theirs/).check();
    await api.call('PATCH', `/api/customers/${uuid}`, { full_name: 'Theirs again' });
    await refused(async () => {
      await saveChoice.click();
      await comparison.getByText('The customer was changed again').waitFor();
    });
    await comparison.getByRole('button', { name: 'Back to the form' }).click();
    assert.equal(await name().inputValue(), 'Mine', 'what was typed stays');
    await page.getByRole('button', { name: 'Compare' }).click();
    assert.deepEqual(await shown('Name'), { before: 'Theirs', theirs: 'Theirs again', mine: 'Mine' });
    await field('Name').getByLabel(/Yours/).check();
    await saveChoice.click();
    await play.toast(/^Saved$/);
    const { fullName, status, group, fields } = await stored(play, uuid);
    assert.deepEqual([fullName, status, group, fields['loyalty.points']], ['Mine', 0, 'Wholesale', 8]);
  });

  await step('changes of different fields are joined without a question', async () => {
    await name().fill('Ada Byron');
    await theirs.reload();
    await formOf(theirs).getByLabel(/^Note/).fill('Called about the invoice');
    await save(theirs).click();
    await play.toast(/^Saved$/, theirs);
    await refused(async () => {
      await save().click();
      await comparison.getByText('You changed different fields').waitFor();
    });
    await saveChoice.click();
    await save().waitFor({ state: 'hidden' });
    const { fullName, fields } = await stored(play, uuid);
    assert.deepEqual([fullName, fields['crm.note']], ['Ada Byron', 'Called about the invoice']);
  });

  await step('an address that was changed, then deleted, by another admin', async () => {
    const [address] = (await stored(play, uuid)).addresses;
    const path = `/api/customers/${uuid}/addresses/${address.uuid}`;
    await formOf(page).getByRole('button', { name: new RegExp(`^${address.address1}`) }).click();
    await formOf(page).getByLabel('City').fill('Mine');
    await api.call('PATCH', path, { city: 'Theirs' });
    await refused(async () => {
      await save().click();
      await field('City').waitFor();
    });
    assert.deepEqual(await shown('City'), { before: 'Berlin', theirs: 'Theirs', mine: 'Mine' });
    await comparison.getByRole('button', { name: 'Back to the form' }).click();
    await api.call('DELETE', path);
    await play.expectFailures(/status of 4(04|12)/, async () => {
      await save().click();
      await comparison.waitFor();
    });
    await play.shot('console-conflict-deleted-address');
    await comparison.getByLabel(/Yours/).first().check();
    await saveChoice.click();
    await play.toast(/^Saved$/);
    const cities = (await stored(play, uuid)).addresses.map(({ city }) => city);
    assert.deepEqual(cities.sort(), ['Berlin', 'Mine']);
  });

  await step('a customer that another admin erased while it was open', async () => {
    await name().fill('A name that was typed for nothing');
    await formOf(page).getByLabel(/^Note/).fill('Two lines\nof a note');
    await api.call('DELETE', `/api/customers/${uuid}`);
    await play.expectFailures(/status of 404/, async () => {
      await save().click();
      await page.getByText('This customer has been erased').waitFor();
    });
    const typed = await page.locator('.customer-typed').textContent();
    assert.ok(typed.includes('A name that was typed for nothing') && typed.includes('of a note'), typed);
    await play.gallery('console-customer-erased');
    await page.getByRole('link', { name: 'All customers' }).click();
    await play.dialog().getByRole('button', { name: 'Leave' }).click();
    await page.getByRole('heading', { level: 1, name: 'Customers' }).waitFor();
  });
  await play.close(theirs);
}
