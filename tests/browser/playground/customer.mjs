// A customer in the playground: the first response, every query of the storefront, and the sign-out.
import assert from 'node:assert/strict';
import { CUSTOMER, hasData } from './play.mjs';

export async function customer(play) {
  const { page, url, step, shot, arrive, run, signedInAs, signOut, runExamples, assertNoTokenIsStored } = play;

  await step('two clicks to a first response', async () => {
    await arrive();
    await page.getByRole('button', { name: 'Sign in as customer1' }).waitFor();
    await shot('light');
    await page.getByRole('button', { name: 'Sign in as customer1' }).click();
    await signedInAs(CUSTOMER);
    const { result, authorization } = await run();
    assert.match(authorization, /^Bearer /);
    assert.equal(result.data.currentCustomer.email, CUSTOMER);
    assert.equal(result.errors, undefined);
    await shot('response');
  });

  await step('every query of the storefront, as a customer', async () => {
    assert.ok((await runExamples(['For anyone', 'As a customer'], hasData)) >= 4);
    await assertNoTokenIsStored();
  });

  await step('a customer signs out, and the token is revoked', async () => {
    const { authorization } = await run();
    const shown = page.locator('.graphiql-response');
    await shown.getByText('currentCustomer').first().waitFor();
    const revoked = page.waitForResponse(/\/api\/customer\/token\/revoke$/);
    await signOut();
    assert.equal((await revoked).status(), 200);
    const response = await fetch(`${url}/api/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: authorization },
      body: '{"query": "{ __typename }"}',
    });
    assert.equal(response.status, 401);
    // No tab shows a response of the customer any more.
    for (const title of ['MyAccount', 'MyNode']) {
      await page.locator('.graphiql-tab-button', { hasText: title }).click();
      await page.locator('.graphiql-tab-active', { hasText: title }).waitFor();
      assert.ok(!(await shown.textContent()).includes('currentCustomer'), title);
    }
    assert.equal((await run()).authorization, undefined);
  });
}
