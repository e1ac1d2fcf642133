// The REST reference: test requests and the sign-in.
import assert from 'node:assert/strict';
import { DESK, PHONE } from '../kit.mjs';

export async function reference(play) {
  const { page, url, step, shot, openPlayground, account } = play;

  await step('the REST reference sends test requests', async () => {
    await openPlayground();
    await page.getByRole('link', { name: 'REST API' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await shot('reference');
    await page.getByRole('link', { name: /Check that the process runs/ }).click();
    await page.getByRole('button', { name: /^Test Request.*health.live/ }).click();
    const pending = page.waitForResponse(`${url}/health/live`);
    await page.getByRole('button', { name: /^Send get request/ }).click();
    assert.equal((await pending).status(), 200);
    await page.getByText('200 OK').first().waitFor();
    await shot('reference-response');
    await page.keyboard.press('Escape');
  });

  await step('the REST reference signs in, and sends no optional header', async () => {
    const form = page.locator('.panel');
    // The name of the group in the example is free or not.
    await play.expectFailures(/^Failed to load resource: the server responded with a status of 409/, async () => {
      await page.getByRole('button', { name: 'Sign in' }).click();
      await form.getByLabel('E-mail address').fill(play.admin.email);
      await form.getByLabel('Password').fill(play.password);
      await shot('reference-sign-in');
      await page.keyboard.press('Enter');
      await account.filter({ hasText: play.admin.email }).waitFor();
      await page.getByRole('link', { name: /Create a customer group/ }).click();
      await page.getByRole('button', { name: 'Test Request (post /api/customer-groups)', exact: true }).click();
      for (const attempt of ['first', 'second']) {
        const pending = page.waitForResponse(`${url}/api/customer-groups`);
        await page.getByRole('button', { name: /^Send post request/ }).click();
        const response = await pending;
        const headers = await response.request().allHeaders();
        assert.match(headers.authorization, /^Bearer ./);
        assert.ok(!headers['idempotency-key'] && !headers['if-match'], JSON.stringify(headers));
        assert.ok([201, 409].includes(response.status()), `${attempt}: ${response.status()}`);
        assert.equal((await response.allHeaders())['idempotency-replayed'], undefined, attempt);
        // Shown, and so read to its end: closing the form cancels a request.
        await page.getByText(response.status() === 201 ? '201 Created' : '409 Conflict').first().waitFor();
      }
      await page.keyboard.press('Escape');
    });
    await page.goto(`${url}/api/docs#tag/webhook-events/webhook/POST/customer.updated`);
    await page.getByRole('heading', { name: 'Customer updated' }).waitFor();
    await shot('reference-webhook');
    await account.click();
    await form.getByRole('button', { name: 'Sign out' }).click();
    await account.filter({ hasText: 'Sign in' }).waitFor();
    await page.setViewportSize(PHONE);
    await page.goto(`${url}/api/docs`);
    await page.getByRole('heading', { name: 'patron' }).waitFor();
    assert.ok(await page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth), 'the page scrolls horizontally');
    await page.setViewportSize(DESK);
  });
}
