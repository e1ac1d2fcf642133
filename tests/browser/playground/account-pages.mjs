// The account pages: links of mails, and links that do not work.
import assert from 'node:assert/strict';

const json = (body) => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

export async function accountPages(play) {
  const { page, url, step, shot } = play;
  const mailedLink = (email, pathname, known) =>
    play.mailTo(email, new RegExp(`https?://[^\\s"<>]*${pathname}#token=[\\w-]+`), known);

  await step('the account pages verify an address and reset a password', async () => {
    const email = `browser-${Date.now()}@example.com`;
    // A link without its token; the login of a storefront may also lead to the second page.
    const without = { 'verify-email': 'Please open the link again', 'reset-password': 'Forgot your password?' };
    for (const [name, heading] of Object.entries(without)) {
      await page.goto(`${url}/account/${name}`);
      await page.getByRole('heading', { name: heading }).waitFor();
      await page.getByRole('heading', { name: 'Get a new link' }).waitFor();
    }
    const registration = await fetch(`${url}/api/customers`, json({ full_name: 'Browser', email, password: 'correct horse battery' }));
    assert.equal(registration.status, 201);
    await page.goto(await mailedLink(email, '/account/verify-email'));
    assert.ok(!page.url().includes('token'), 'the token is still in the address bar');
    await shot('verify-email');
    await page.getByRole('button', { name: 'Confirm this address' }).click();
    await page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor();

    const reset = await fetch(`${url}/api/customers/reset-password`, json({ email }));
    assert.ok(reset.ok, `${reset.status}`);
    await page.goto(await mailedLink(email, '/account/reset-password'));
    await shot('reset-password');
    await page.getByLabel('New password').fill('battery horse correct');
    await page.getByRole('button', { name: 'Save new password' }).click();
    await page.getByRole('heading', { name: 'Your password is changed' }).waitFor();
    const login = await fetch(`${url}/api/customer/tokens`, json({ email, password: 'battery horse correct' }));
    assert.equal(login.status, 200);
  });

  await step('a link that does not work leads to a new one', async () => {
    await play.expectFailures(/^Failed to load resource: the server responded with a status of (400|401)/, async () => {
      const email = `again-${Date.now()}@example.com`;
      const password = 'correct horse battery';
      assert.equal((await fetch(`${url}/api/customers`, json({ full_name: 'Again', email, password }))).status, 201);
      const first = await mailedLink(email, '/account/verify-email');
      await page.goto(`${first}x`);
      await page.getByRole('button', { name: 'Confirm this address' }).click();
      await page.getByRole('heading', { name: 'This link does not work' }).waitFor();
      await page.getByLabel('Email address').fill(email);
      await page.getByLabel('Password', { exact: true }).fill('wrong');
      await page.getByRole('button', { name: 'Send a new link' }).click();
      await page.getByText('Invalid email or password').waitFor();
      await shot('verify-email-again');
      await play.pause(1500); // a wrong password blocks the account for a second
      await page.getByLabel('Password', { exact: true }).fill(password);
      await page.getByRole('button', { name: 'Send a new link' }).click();
      await page.getByRole('heading', { name: 'Check your email' }).waitFor();
      await page.goto(await mailedLink(email, '/account/verify-email', [first]));
      await page.getByRole('button', { name: 'Confirm this address' }).click();
      await page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor();

      await page.emulateMedia({ colorScheme: 'dark' });
      await page.goto(`${url}/account/reset-password`);
      await page.getByLabel('Email address').fill(email);
      await shot('reset-password-again');
      await page.getByRole('button', { name: 'Send a new link' }).click();
      await page.getByRole('heading', { name: 'Check your email' }).waitFor();
      // Links of EverShop have the token in the query.
      await page.goto((await mailedLink(email, '/account/reset-password')).replace('#token=', '?token='));
      assert.ok(!page.url().includes('token'), 'the token is still in the address bar');
      await page.getByLabel('New password').fill('battery horse correct');
      await page.getByRole('button', { name: 'Save new password' }).click();
      await page.getByRole('heading', { name: 'Your password is changed' }).waitFor();
      await page.emulateMedia({ colorScheme: 'light' });
    });
  });
}
