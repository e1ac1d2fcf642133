// The refresh of the access token. The page keeps the fake clock, so this is the last part.
import assert from 'node:assert/strict';
import { CUSTOMER, CUSTOMER_PASSWORD } from './play.mjs';

export async function refresh(play) {
  const { page, step, arrive, run, signedInAs, signIn, assertNoTokenIsStored } = play;

  await step('the access token is refreshed automatically', async () => {
    await page.clock.install();
    await arrive();
    await signIn('Customer', CUSTOMER, CUSTOMER_PASSWORD);
    await signedInAs(CUSTOMER);
    const before = (await run()).authorization;
    const refreshed = page.waitForResponse(/\/api\/customer\/token\/refresh$/);
    await page.clock.fastForward('29:30');
    assert.equal((await refreshed).status(), 200);
    const { authorization, result } = await run();
    assert.equal(result.data.currentCustomer.email, CUSTOMER);
    assert.notEqual(authorization, before);
    await assertNoTokenIsStored();
  });
}
