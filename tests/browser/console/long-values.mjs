// The longest values, right-to-left texts and emoji on each screen: nothing gets wider than the page.
import { DESK, PHONE } from '../kit.mjs';
import { newCustomer } from './stored.mjs';

const WIDE = 'W'.repeat(255);
const ARABIC = 'عبد الرحمن بن محمد بن خلدون الحضرمي '.repeat(6).trim();
const EMOJI = '👩‍👩‍👧‍👦'.repeat(36);

export async function longValues(play) {
  const { page, api, step } = play;
  const { uuid } = await newCustomer(play, ARABIC);
  const group = await api.call('POST', '/api/customer-groups', { group_name: WIDE });
  const validations = [{ type: 'choices', values: [WIDE, ARABIC] }];
  const field = await api.call('POST', '/api/metafield-definitions', {
    ...{ ownerType: 'customer', fieldKey: 'x'.repeat(64), name: WIDE, description: ARABIC, fieldType: 'short_text', validations },
  });
  const endpoint = await api.call('POST', '/api/webhook-endpoints', {
    ...{ url: `https://example.com/${'a'.repeat(1500)}`, description: ARABIC, events: ['*'], enabled: false },
  });
  const admin = { email: `${'l'.repeat(60)}@${'d'.repeat(60)}.example.com`, full_name: WIDE, password: 'correct horse battery staple' };
  await api.call('POST', '/api/users', admin);
  const fits = async (where) => {
    await page.setViewportSize(PHONE);
    await play.fits(where);
    await page.setViewportSize(DESK);
    await play.fits(where);
  };

  await step('a customer and a conflict', async () => {
    await play.visit(`/customers/edit/${uuid}`);
    const name = page.locator('.customer-form').getByLabel('Name', { exact: true });
    await name.fill(EMOJI);
    await play.gallery('console-long-values');
    await api.call('PATCH', `/api/customers/${uuid}`, { full_name: WIDE, group_id: group.customer_group_id });
    await play.expectFailures(/status of 412/, async () => {
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await play.dialog().locator('.diff').first().waitFor();
    });
    await play.gallery('console-long-conflict');
    await play.dialog().getByRole('button', { name: 'Back to the form' }).click();
    await page.getByRole('button', { name: 'Discard', exact: true }).click();
    await play.dialog().getByRole('button', { name: 'Discard', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: WIDE }).waitFor();
  });

  await step('the other screens', async () => {
    const places = ['', '/customers', '/customer-groups', '/fields', `/fields?edit=${field.uuid}`, '/mails?status=all', '/webhooks', `/webhooks/${endpoint.uuid}`, '/admins'];
    for (const place of places) {
      await play.visit(place);
      await page.locator('tbody tr[data-id], .overview-bar, .empty').first().waitFor();
      await fits(place);
    }
  });
  await api.call('DELETE', `/api/customer-groups/${group.uuid}`);
  await api.call('DELETE', `/api/metafield-definitions/${field.uuid}`);
  await api.call('DELETE', `/api/webhook-endpoints/${endpoint.uuid}`);
}
