// The theme, and the way out: in all tabs, and on the server.
import assert from 'node:assert/strict';

export async function leave(play) {
  const { url, step } = play;
  const account = await play.newAdmin('Maria Goeppert');
  const page = await play.open();
  await play.visit('/customers', page, account);
  const menu = async (role, item) => {
    await page.getByRole('button', { name: 'Maria Goeppert' }).click();
    await page.getByRole(role, { name: item }).click();
  };

  await step('the dark theme is kept after a reload', async () => {
    await menu('menuitemradio', 'Dark theme');
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await background();
    await page.reload();
    await play.total(page);
    assert.equal(await background(), dark);
    await menu('menuitemradio', 'System theme');
    await play.until('the theme is light', async () => (await background()) !== dark);
  });

  await step('signing out ends the session in all tabs, and on the server', async () => {
    const [tab] = await Promise.all([
      page.context().waitForEvent('page'),
      play.rows(page).first().getByRole('link').click({ modifiers: ['Control'] }),
    ]);
    await tab.locator('.shell').waitFor();
    // Requests that are still running would be refused.
    await tab.waitForLoadState('networkidle');
    assert.match(tab.url(), /\/admin\/customers\/edit\//);
    const refreshToken = await tab.evaluate(() => sessionStorage.getItem('patron-console-refresh-token'));
    const revoked = page.waitForResponse(/\/api\/user\/token\/revoke$/);
    await menu('menuitem', 'Sign out');
    for (const each of [page, tab]) {
      await each.getByLabel('E-mail address').waitFor();
      assert.equal(await each.evaluate(() => sessionStorage.length), 0);
      assert.equal(await play.rows(each).count(), 0);
    }
    assert.equal((await revoked).status(), 200);
    const response = await fetch(`${url}/api/user/token/refresh`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ refreshToken }),
    });
    assert.equal(response.status, 401);
  });
  await play.close(page);
}
