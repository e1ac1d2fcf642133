// Groups: made, renamed, counted, deleted, found by the link of the API.
import assert from 'node:assert/strict';
import { countRequests } from './stored.mjs';

export async function groups(play) {
  const { page, api, step } = play;
  const id = Date.now().toString(36);
  const names = { first: `Press ${id}`, second: `صحافة ${id}` };
  const nameField = () => play.dialog().getByRole('textbox', { name: 'Name', exact: true });
  const all = async () => {
    const filters = [{ key: 'group_name', operation: 'like', value: id }];
    const { customerGroups } = await api.query('query All($filters: [FilterInput]) { customerGroups(filters: $filters) { items { uuid customerGroupId groupName } } }', { filters });
    return customerGroups.items;
  };
  const action = async (group, label) => {
    await page.getByRole('button', { name: `Actions for ${group}` }).click();
    await page.getByRole('menuitem', { name: label }).click();
  };
  await play.visit('/customer-groups');

  await step('a group is created once by a double click', async () => {
    await page.getByRole('link', { name: 'Wholesale' }).waitFor();
    await play.until('the customers are counted', async () => /Wholesale\d+/.test(await page.getByRole('row', { name: /Wholesale/ }).textContent()));
    await play.gallery('console-groups');
    await page.getByRole('button', { name: 'New group' }).click();
    await nameField().fill('WHOLESALE');
    await play.expectFailures(/status of 409/, async () => {
      await play.dialog().getByRole('button', { name: 'Create' }).click();
      await play.dialog().getByText('Choose another name').waitFor();
    });
    await play.axe('a group with a problem');
    const requests = countRequests(page, /^POST \/api\/customer-groups/);
    await nameField().fill(names.first);
    await play.dialog().getByRole('button', { name: 'Create' }).dblclick();
    await play.toast('Group created');
    await page.getByRole('link', { name: names.first }).waitFor();
    assert.equal(requests.length, 1);
    assert.deepEqual((await all()).map(({ groupName }) => groupName), [names.first]);
  });

  await step('a group is renamed, and its customers are listed', async () => {
    await action(names.first, 'Rename…');
    await nameField().fill(names.second);
    await page.keyboard.press('Escape');
    await play.dialog().getByText('Close without saving?').waitFor();
    await play.dialog().getByRole('button', { name: 'Back to the form' }).click();
    assert.equal(await nameField().inputValue(), names.second);
    await play.dialog().getByRole('button', { name: 'Save' }).click();
    await play.toast('Group renamed');
    const [group] = await all();
    assert.equal(group.groupName, names.second);
    const { full_name } = await api.newCustomer({ full_name: `Vera Rubin ${id}`, group_id: group.customerGroupId });
    await page.getByRole('link', { name: names.second }).click();
    await page.getByRole('link', { name: full_name }).waitFor();
    assert.equal(await play.rows().count(), 1);
    await play.visit(`/customer-groups/edit/${group.customerGroupId}`);
    await play.until('the link of the API opens the group', async () => (await nameField().inputValue()) === names.second);
    await page.keyboard.press('Escape');
    await play.dialog().waitFor({ state: 'hidden' });
  });

  await step('a group is deleted, and its customers move to the default group', async () => {
    await action(names.second, 'Delete…');
    await play.dialog().getByText('Its customer moves to the default group').waitFor();
    await play.gallery('console-group-delete');
    await play.dialog().getByRole('button', { name: 'Delete', exact: true }).click();
    await play.toast('is deleted');
    assert.deepEqual(await all(), []);
    await page.getByRole('link', { name: names.second }).waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Actions for Default' }).click();
    assert.ok(await page.getByRole('menuitem', { name: 'Delete…' }).isDisabled());
    await page.keyboard.press('Escape');
  });
}
