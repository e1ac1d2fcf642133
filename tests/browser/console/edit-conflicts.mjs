// Two admins change the same group, custom field, webhook or admin: both values are shown, and the choice is saved.
import assert from 'node:assert/strict';
import { startReceiver } from './receiver.mjs';

export async function editConflicts(play) {
  const { page, api, step } = play;
  const id = Date.now().toString(36);
  const dialog = () => play.dialog();
  /** Saves the open dialog, and waits for the comparison. */
  const clash = () =>
    play.expectFailures(/status of 412/, async () => {
      await dialog().getByRole('button', { name: 'Save' }).click();
      await dialog().getByText('Another admin changed it as well').waitFor();
    });
  const choose = (label, side) => dialog().locator('fieldset').filter({ has: page.locator('legend', { hasText: label }) }).getByLabel(side).check();
  const saveChoice = async (text) => {
    await dialog().getByRole('button', { name: 'Save these values' }).click();
    await play.toast(text);
    await dialog().waitFor({ state: 'hidden' });
  };
  const action = async (name, label) => {
    await page.getByRole('button', { name: `Actions for ${name}` }).click();
    await page.getByRole('menuitem', { name: label }).click();
  };

  await step('a group', async () => {
    const { uuid, customer_group_id } = await api.call('POST', '/api/customer-groups', { group_name: `Before ${id}` });
    await play.visit('/customer-groups');
    await action(`Before ${id}`, 'Rename…');
    await dialog().getByRole('textbox', { name: 'Name', exact: true }).fill(`Mine ${id}`);
    await api.call('PATCH', `/api/customer-groups/${uuid}`, { group_name: `Theirs ${id}` });
    await clash();
    const values = await dialog().locator('.diff-value').allTextContents();
    assert.deepEqual(values, [`Before ${id}`, `Theirs ${id}`, `Mine ${id}`]);
    await play.gallery('console-conflict-group');
    await choose('Name', /Yours/);
    await saveChoice('Group renamed');
    const { customerGroup } = await api.query('query One($id: Int!) { customerGroup(id: $id) { groupName } }', { id: customer_group_id });
    assert.equal(customerGroup.groupName, `Mine ${id}`);
    await api.call('DELETE', `/api/customer-groups/${uuid}`);
  });

  await step('a custom field, of which both changed other things too', async () => {
    const body = { ownerType: 'customer', fieldKey: `clash_${id}`, name: `Before ${id}`, fieldType: 'integer' };
    const { uuid } = await api.call('POST', '/api/metafield-definitions', body);
    await play.visit(`/fields?edit=${uuid}`);
    await dialog().getByRole('textbox', { name: 'Name', exact: true }).fill(`Mine ${id}`);
    await dialog().getByLabel('Required').check();
    await api.call('PATCH', `/api/metafield-definitions/${uuid}`, { name: `Theirs ${id}`, description: 'Theirs' });
    await clash();
    await choose('Name', /Theirs/);
    await saveChoice('Field saved');
    const { metafieldDefinitions } = await api.query('{ metafieldDefinitions(ownerType: "customer") { uuid name description required } }');
    const { name, description, required } = metafieldDefinitions.find((field) => field.uuid === uuid);
    assert.deepEqual([name, description, required], [`Theirs ${id}`, 'Theirs', true]);
    await api.call('DELETE', `/api/metafield-definitions/${uuid}`);
  });

  await step('a webhook', async () => {
    const receiver = await startReceiver();
    const { uuid } = await api.call('POST', '/api/webhook-endpoints', { url: receiver.url, description: 'Before', events: ['customer.*'] });
    await play.visit(`/webhooks/${uuid}`);
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await dialog().getByLabel('Description').fill('Mine');
    await api.call('PATCH', `/api/webhook-endpoints/${uuid}`, { description: 'Theirs', events: ['address.*'] });
    await clash();
    await choose('Description', /Yours/);
    await saveChoice('Webhook saved');
    const { webhookEndpoints } = await api.query('{ webhookEndpoints { uuid description events } }');
    const { description, events } = webhookEndpoints.find((endpoint) => endpoint.uuid === uuid);
    assert.deepEqual([description, events], ['Mine', ['address.*']]);
    await api.call('DELETE', `/api/webhook-endpoints/${uuid}`);
    receiver.close();
  });

  await step('an admin', async () => {
    const admin = await play.newAdmin(`Before ${id}`);
    await play.visit('/admins');
    await action(`Before ${id}`, 'Rename…');
    await dialog().getByRole('textbox', { name: 'Name', exact: true }).fill(`Mine ${id}`);
    await api.call('PATCH', `/api/users/${admin.uuid}`, { full_name: `Theirs ${id}` });
    await clash();
    await choose('Name', /Yours/);
    await saveChoice('Name saved');
    const { admins } = await api.query('{ admins(first: 100) { nodes { uuid fullName } } }');
    assert.equal(admins.nodes.find(({ uuid }) => uuid === admin.uuid).fullName, `Mine ${id}`);
  });

  await step('a record that another admin deleted', async () => {
    const { uuid } = await api.call('POST', '/api/customer-groups', { group_name: `Gone ${id}` });
    await play.visit('/customer-groups');
    await action(`Gone ${id}`, 'Rename…');
    await dialog().getByRole('textbox', { name: 'Name', exact: true }).fill(`Typed ${id}`);
    await api.call('DELETE', `/api/customer-groups/${uuid}`);
    await play.expectFailures(/status of 404/, async () => {
      await dialog().getByRole('button', { name: 'Save' }).click();
      await dialog().getByText(/not found|was deleted/).first().waitFor();
    });
    assert.equal(await dialog().getByRole('textbox', { name: 'Name', exact: true }).inputValue(), `Typed ${id}`);
    await page.keyboard.press('Escape');
    await dialog().getByRole('button', { name: 'Close', exact: true }).last().click();
  });
}
