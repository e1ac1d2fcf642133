// Webhooks: an endpoint with its secret, a test, deliveries sent again, another secret, and the end.
import assert from 'node:assert/strict';
import { failDelivery } from './database.mjs';
import { isSigned, startReceiver } from './receiver.mjs';
import { countRequests, newCustomer } from './stored.mjs';

export async function webhooks(play) {
  const { page, api, step } = play;
  const receiver = await startReceiver();
  const dialog = () => play.dialog();
  const description = `Newsletter ${Date.now()}`;
  const endpoint = async () => {
    const { webhookEndpoints } = await api.query('{ webhookEndpoints { uuid url description events enabled } }');
    return webhookEndpoints.find((each) => each.url === receiver.url);
  };
  const deliveries = async () => {
    const query = 'query Of($id: String!) { webhookDeliveries(first: 50, endpoint: $id) { nodes { uuid status event { type } } } }';
    return (await api.query(query, { id: (await endpoint()).uuid })).webhookDeliveries.nodes;
  };
  const more = async (label) => {
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: label }).click();
  };
  /** Reads the secret of the open dialog, which is shown only there, and closes it. */
  const readSecret = async () => {
    const secret = (await dialog().getByRole('textbox', { name: 'Secret' }).textContent()).trim();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    assert.ok(await dialog().getByText(secret).isVisible(), 'Escape does not close it');
    await dialog().getByRole('button', { name: 'I have stored it' }).click();
    assert.ok(secret.startsWith('whsec_'));
    return secret;
  };
  let secret;
  await play.visit('/webhooks');

  await step('an endpoint is created once, and its secret is shown once', async () => {
    await play.gallery('console-webhooks');
    await page.getByRole('button', { name: 'New webhook' }).first().click();
    await dialog().getByLabel('URL').fill('ftp://example.com');
    await dialog().getByLabel('Only these').check();
    await play.expectFailures(/status of 400/, async () => {
      await dialog().getByRole('button', { name: 'Create' }).click();
      await dialog().locator('.field-error').first().waitFor();
    });
    await dialog().getByLabel('Customers', { exact: true }).check();
    await dialog().getByRole('group', { name: 'Events of Addresses' }).getByLabel('.created').check();
    await dialog().getByLabel('Description').fill(description);
    await play.gallery('console-webhook-new');
    await dialog().getByLabel('URL').fill(receiver.url);
    const requests = countRequests(page, /^POST \/api\/webhook-endpoints$/);
    await dialog().getByRole('button', { name: 'Create' }).dblclick();
    await dialog().getByText('The webhook is created').waitFor();
    await play.gallery('console-webhook-secret');
    secret = await readSecret();
    await page.getByRole('heading', { name: description }).waitFor();
    assert.equal(requests.length, 1);
    assert.deepEqual((await endpoint()).events.sort(), ['address.created', 'customer.*']);
    assert.equal((await page.content()).includes(secret), false);
  });

  await step('a test arrives, signed with the secret', async () => {
    await page.getByRole('button', { name: 'Send a test' }).first().click();
    await page.getByText('The test arrived: the receiver responded with 200').waitFor();
    assert.ok(isSigned(receiver.received.at(-1), secret));
    assert.equal(JSON.parse(receiver.received.at(-1).body).type, 'webhook.test');
    await page.getByRole('button', { name: 'webhook.test', exact: true }).click();
    await dialog().getByText('webhook-id').waitFor();
    await play.gallery('console-delivery');
    await dialog().getByRole('button', { name: 'Close' }).last().click();
  });

  await step('deliveries are listed by status, and sent again', async () => {
    await newCustomer(play);
    await play.until('the events are delivered', async () => (await deliveries()).filter(({ status }) => status === 'DELIVERED').length >= 4);
    for (const { uuid } of (await deliveries()).slice(0, 2)) await failDelivery(play, uuid, 'the receiver responded with 500');
    await page.reload();
    await page.getByRole('link', { name: /^Failed/ }).click();
    await play.until('two are listed', async () => (await play.rows().count()) === 2);
    await play.gallery('console-deliveries-failed');
    const before = receiver.received.length;
    await play.rows().first().getByRole('button', { name: /^Replay/ }).dblclick();
    await play.toast('The event is sent again');
    await play.until('it arrives', () => receiver.received.length > before);
    await play.until('one is left', async () => (await play.rows().count()) === 1);
    await page.getByRole('button', { name: 'Replay all failed' }).click();
    await play.toast('One delivery is sent again');
    await play.until('all are delivered', async () => (await deliveries()).every(({ status }) => status === 'DELIVERED'));
  });

  await step('a test that fails says why', async () => {
    receiver.status = 503;
    await page.getByRole('link', { name: 'All', exact: true }).click();
    await page.getByRole('button', { name: 'Send a test' }).first().click();
    await page.getByText('The test failed:').waitFor();
    await play.gallery('console-webhook-test-failed');
    receiver.status = 200;
  });

  await step('another secret, and the old one for an hour', async () => {
    await more('Make a new secret…');
    await dialog().getByLabel('How long the old secret stays valid').selectOption({ label: 'One hour' });
    await play.axe('the question');
    await dialog().getByRole('button', { name: 'Make a new secret' }).click();
    await dialog().getByText('The new secret', { exact: true }).waitFor();
    const next = await readSecret();
    assert.notEqual(next, secret);
    await page.getByText('The previous one is valid').waitFor();
    await page.getByRole('button', { name: 'Send a test' }).first().click();
    await page.getByText('The test arrived').waitFor();
    assert.ok(isSigned(receiver.received.at(-1), secret) && isSigned(receiver.received.at(-1), next), 'signed with both');
  });

  await step('it is changed, disabled and deleted', async () => {
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await dialog().getByLabel('All events').check();
    await dialog().getByRole('checkbox', { name: 'Enabled', exact: true }).uncheck();
    await dialog().getByRole('button', { name: 'Save' }).click();
    await play.toast('Webhook saved');
    const { events, enabled } = await endpoint();
    assert.deepEqual([events, enabled], [['*'], false]);
    await play.until('no test can be sent', () => page.getByRole('button', { name: 'Send a test' }).first().isDisabled());
    await more('Enable');
    await play.toast('The webhook is enabled');
    await more('Delete…');
    await play.axe('the question');
    await dialog().getByRole('button', { name: 'Delete', exact: true }).click();
    await play.toast('The webhook is deleted');
    assert.equal(await endpoint(), undefined);
  });
  receiver.close();
}
