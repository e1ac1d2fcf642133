// Saved views: made, changed, renamed, deleted, and one that names a custom field which is deleted later.
import assert from 'node:assert/strict';

export async function views(play) {
  const { page, api, step } = play;
  const menu = (item) => async () => {
    await page.getByRole('button', { name: /^Change the view/ }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  const name = page.getByRole('textbox', { name: 'Name' });
  const save = page.getByRole('button', { name: 'Save', exact: true });
  const isChanged = page.locator('.customers-view-dot');

  await step('a view is saved, once, although the button is clicked twice', async () => {
    await play.visit('/customers?status=0');
    await play.total();
    await page.getByRole('button', { name: 'Save view' }).click();
    await play.expectFailures(/status of 400/, async () => {
      await save.click();
      await page.locator('.field-error').waitFor();
    });
    await name.fill('عملاء 🎉 disabled');
    await play.axe('the dialog of a new view');
    await play.shot('console-view-new');
    await save.dblclick();
    await play.until('the new view is open', () => page.url().includes('view='));
    await page.getByRole('link', { name: 'عملاء 🎉 disabled' }).waitFor();
    assert.equal(await page.getByRole('link', { name: 'عملاء 🎉 disabled' }).count(), 1);
  });

  await step('a view is updated with what is shown', async () => {
    await page.getByRole('columnheader', { name: 'Name' }).getByRole('button').click();
    await isChanged.waitFor();
    await page.getByRole('button', { name: /^Change the view/ }).click();
    await play.shot('console-view-menu');
    await page.keyboard.press('Escape');
    await menu('Update with what is shown')();
    await isChanged.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'All customers' }).click();
    await play.until('all customers', () => !page.url().includes('?'));
    await page.getByRole('link', { name: 'عملاء 🎉 disabled' }).click();
    await play.total();
    const { searchParams } = new URL(page.url());
    assert.deepEqual([searchParams.get('status'), searchParams.get('sort')], ['0', 'name']);
    assert.ok((await play.column('Status')).every((text) => text === 'Disabled'));
  });

  await step('a view is renamed, and deleted', async () => {
    await menu('Rename…')();
    await name.fill('Disabled ones');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Disabled ones' }).waitFor();
    await menu('Delete…')();
    await play.dialog().getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('link', { name: 'Disabled ones' }).waitFor({ state: 'detached' });
    assert.ok(!page.url().includes('view='), page.url());
  });

  await step('a view that names a deleted custom field says so, and shows the rest', async () => {
    const field = { ownerType: 'customer', namespace: 'custom', fieldKey: 'shoe_size', name: 'Shoe size', fieldType: 'integer' };
    const { uuid } = await api.call('POST', '/api/metafield-definitions', field);
    await play.visit('/customers?status=1&field.custom.shoe_size=-&columns=name,email,custom.shoe_size');
    await page.getByRole('columnheader', { name: 'Shoe size' }).waitFor();
    await page.getByRole('button', { name: 'Save view' }).click();
    await name.fill('No shoe size');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'No shoe size' }).waitFor();
    await api.call('DELETE', `/api/metafield-definitions/${uuid}`);
    await play.visit('/customers');
    await page.getByRole('link', { name: 'No shoe size' }).click();
    await page.getByText('This custom field no longer exists').waitFor();
    await play.rows().first().waitFor();
    await play.shot('console-view-deleted-field');
    await page.locator('.customers-problems').getByRole('button', { name: 'Remove' }).click();
    await menu('Update with what is shown')();
    await isChanged.waitFor({ state: 'detached' });
    await menu('Delete…')();
    await play.dialog().getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('link', { name: 'No shoe size' }).waitFor({ state: 'detached' });
  });
}
