// What the playground keeps after a reload: the theme and the tabs, but not the session.
import assert from 'node:assert/strict';

export async function reload(play) {
  const { page, step, shot, openPlayground, run, account, assertNoTokenIsStored } = play;

  await step('the dark theme is kept after a reload', async () => {
    await page.getByRole('button', { name: 'Switch to dark' }).click();
    await page.locator('body.graphiql-dark').waitFor({ state: 'attached' });
    await run();
    await shot('dark');
    await openPlayground();
    await page.locator('body.graphiql-dark').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Switch to light' }).click();
    await page.locator('body:not(.graphiql-dark)').waitFor({ state: 'attached' });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.getByRole('button', { name: 'Switch to light' }).waitFor();
    await page.emulateMedia({ colorScheme: 'light' });
  });

  await step('tabs and their content are kept after a reload', async () => {
    await page.locator('.graphiql-tab-button', { hasText: 'MyAccount' }).click();
    await page.locator('#graphiql-session[aria-labelledby="graphiql-session-tab-1"]').waitFor();
    await page.locator('.graphiql-query-editor .view-line').first().click();
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('# mine ');
    const stored = (text) => localStorage.getItem('patron-playground:graphiql:tabState')?.includes(text);
    await page.waitForFunction(stored, '# mine ');
    await openPlayground();
    const active = page.locator('.graphiql-tab-active');
    assert.match(await active.textContent(), /^MyAccount/);
    await page.locator('.graphiql-query-editor .view-line', { hasText: '# mine' }).waitFor();
  });

  await step('a reload ends the session of the page', async () => {
    await account.filter({ hasText: 'Sign in' }).waitFor();
    await assertNoTokenIsStored();
  });
}
