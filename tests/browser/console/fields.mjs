// Custom fields: each type with its rules, their order, whom they are shown to, and what deletes them.
import assert from 'node:assert/strict';
import { countRequests } from './stored.mjs';

const TYPES = ['short_text', 'long_text', 'integer', 'number', 'boolean', 'date', 'color', 'url', 'rich_text'];

export async function fields(play) {
  const { page, api, step } = play;
  const namespace = `made_${Date.now()}`;
  const dialog = () => play.dialog();
  const name = () => dialog().getByRole('textbox', { name: 'Name', exact: true }).first();
  const create = () => dialog().getByRole('button', { name: 'Create' });
  const all = async () => {
    const { metafieldDefinitions } = await api.query(
      '{ metafieldDefinitions(ownerType: "customer") { uuid namespace key name description type isList required visibleToCustomer validations subFields position } }',
    );
    return metafieldDefinitions.sort((a, b) => a.position - b.position);
  };
  const made = async (key) => (await all()).find((field) => field.namespace === namespace && field.key === key);
  const openNew = async (label) => {
    await page.getByRole('button', { name: 'New field' }).first().click();
    await name().fill(label);
    await dialog().getByLabel('Namespace').fill(namespace);
  };
  const addRule = async (kind) => {
    await dialog().getByRole('button', { name: 'Add a rule' }).click();
    await page.getByRole('menuitem', { name: kind }).click();
  };
  await play.visit('/fields');

  await step('a field of each type is created', async () => {
    for (const type of TYPES) {
      await openNew(`Of type ${type}`);
      await dialog().getByLabel('Type', { exact: true }).selectOption(type);
      await create().click();
      await dialog().waitFor({ state: 'hidden' });
      const field = await made(`of_type_${type}`);
      assert.deepEqual([field.type, field.name, field.isList, field.required, field.visibleToCustomer], [type, `Of type ${type}`, false, false, false]);
    }
    await play.gallery('console-fields');
  });

  await step('rules, a list, a required field that customers see', async () => {
    await openNew('Shoe sizes');
    await dialog().getByLabel('Type', { exact: true }).selectOption('integer');
    await dialog().getByLabel('A list of them').check();
    await dialog().getByLabel('Required').check();
    await dialog().getByLabel('Customers see it and can set it').check();
    await addRule('Range');
    await dialog().getByLabel('At least').fill('50');
    await dialog().getByLabel('At most').fill('16');
    await play.expectFailures(/status of 400/, async () => {
      await create().click();
      await dialog().locator('.field-error').first().waitFor();
    });
    await play.gallery('console-field-rules');
    await dialog().getByLabel('At least').fill('16');
    await dialog().getByLabel('At most').fill('50');
    await create().dblclick();
    await dialog().waitFor({ state: 'hidden' });
    const { type, isList, required, visibleToCustomer, validations } = await made('shoe_sizes');
    assert.deepEqual([type, isList, required, visibleToCustomer], ['integer', true, true, true]);
    assert.deepEqual(validations, [{ type: 'range', min: 16, max: 50 }]);
  });

  await step('a group of fields', async () => {
    await openNew('Company');
    await dialog().getByLabel('Type', { exact: true }).selectOption('group');
    await dialog().getByRole('button', { name: 'Add a field' }).click();
    const group = dialog().getByRole('group', { name: 'Fields of the group' });
    await group.getByLabel('Name', { exact: true }).fill('VAT ID');
    await group.getByLabel('Required in each group').check();
    await group.getByRole('button', { name: 'Add a rule' }).click();
    await page.getByRole('menuitem', { name: 'Pattern' }).click();
    await group.getByLabel('Regular expression').fill('^[A-Z]{2}');
    await play.gallery('console-field-group');
    await create().click();
    await dialog().waitFor({ state: 'hidden' });
    const [subField] = (await made('company')).subFields;
    assert.deepEqual([subField.key, subField.name, subField.required, subField.validations], ['vat_id', 'VAT ID', true, [{ type: 'regexp', pattern: '^[A-Z]{2}' }]]);
  });

  await step('a field is changed once', async () => {
    const { uuid } = await made('of_type_date');
    const requests = countRequests(page, /^PATCH /);
    await page.getByRole('link', { name: 'Of type date' }).click();
    await name().fill('Name day');
    await dialog().getByLabel('Purpose').fill('For the congratulations');
    await dialog().getByLabel('Customers see it and can set it').check();
    await dialog().getByRole('button', { name: 'Save' }).dblclick();
    await play.toast('Field saved');
    assert.equal(requests.length, 1);
    const field = (await all()).find((each) => each.uuid === uuid);
    assert.deepEqual([field.name, field.description, field.visibleToCustomer], ['Name day', 'For the congratulations', true]);
  });

  await step('the order is changed', async () => {
    await page.getByRole('button', { name: 'Change the order' }).click();
    const ups = dialog().getByRole('button', { name: 'Move Company up' });
    await ups.click();
    await ups.click();
    await play.gallery('console-field-order');
    await dialog().getByRole('button', { name: 'Save the order' }).click();
    await play.toast('The order is saved');
    const last = (await all()).slice(-3).map(({ key }) => key);
    assert.deepEqual(last, ['company', 'of_type_rich_text', 'shoe_sizes']);
  });

  await step('a field is deleted after its key was typed', async () => {
    await page.getByRole('button', { name: 'Actions for Company' }).click();
    await page.getByRole('menuitem', { name: 'Delete…' }).click();
    const remove = dialog().getByRole('button', { name: 'Delete the field' });
    assert.ok(await remove.isDisabled());
    await dialog().getByLabel(/to confirm/).fill(`${namespace}.company`);
    await play.axe('the question');
    await remove.click();
    await play.toast('The field Company is deleted');
    assert.equal(await made('company'), undefined);
    for (const field of await all()) if (field.namespace === namespace) await api.call('DELETE', `/api/metafield-definitions/${field.uuid}`);
  });
}
