// The playground on a phone.
import assert from 'node:assert/strict';
import { DESK, PHONE } from '../kit.mjs';
import { CUSTOMER } from './play.mjs';

export async function phone(play) {
  const { page, step, shot, arrive, run, account, panel, signedInAs } = play;

  await step('the playground fits on a phone', async () => {
    await page.setViewportSize(PHONE);
    await arrive();
    const fits = async () => assert.ok(await page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth), 'the page scrolls horizontally');
    await fits();
    await shot('phone');
    await account.click();
    await panel.getByRole('button', { name: /demo’s customer/ }).click();
    await fits();
    await shot('phone-sign-in');
    await page.keyboard.press('Enter');
    await signedInAs(CUSTOMER);
    assert.equal((await run()).result.data.currentCustomer.email, CUSTOMER);
    await fits();
    await shot('phone-signed-in');
    await page.setViewportSize(DESK);
  });
}
