// The ways in: the links of a REST response, `/`, the sign-in, a reload, a link in a new tab, and the way out.
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';

/** The most that the script of the first page may weigh, compressed. */
const SCRIPT = 150_000;
const REFRESH_TOKEN = 'patron-console-refresh-token';

export async function entrance(play) {
  const { page, url, api, step } = play;
  const customer = await api.newCustomer({ full_name: 'Rosa Entrance' });
  const link = (rel) => url + customer.links.find((each) => each.rel === rel).href;
  const problem = (tab) => tab.getByRole('alert').locator('.notice');

  await step('the link customerGrid leads to the sign-in, and then to the list', async () => {
    const scripts = [];
    page.on('response', (response) => {
      if (response.request().resourceType() === 'script') scripts.push(response.body());
    });
    await page.goto(link('customerGrid'));
    await page.getByLabel('E-mail address').waitFor();
    await play.eventually('the title', () => page.title(), 'Sign in – patron');
    assert.match(await play.focused(), /^E-mail address/);
    await play.gallery('console-sign-in');
    await play.signIn();
    await play.rows().first().waitFor();
    assert.equal(new URL(page.url()).pathname, '/admin/customers');
    const size = (await Promise.all(scripts)).reduce((sum, body) => sum + gzipSync(body).length, 0);
    console.log(`  script on the first page: ${scripts.length} files, ${(size / 1000).toFixed(1)} kB gzip`);
    assert.ok(size > 0 && size <= SCRIPT, `the script weighs ${size} bytes`);
  });

  await step('a reload keeps the session, which is not in localStorage', async () => {
    await page.reload();
    await play.rows().first().waitFor();
    const stored = await page.evaluate(() => ({ local: JSON.stringify(localStorage), session: Object.keys(sessionStorage) }));
    assert.ok(!stored.local.includes('eyJ'), stored.local);
    assert.deepEqual(stored.session, [REFRESH_TOKEN]);
    assert.equal(await page.evaluate(() => document.cookie), '');
  });

  await step('the link edit leads to the customer, in the session of this browser', async () => {
    await page.goto(link('edit'));
    await page.getByRole('heading', { name: 'Rosa Entrance' }).waitFor();
    const tab = await page.context().newPage();
    await tab.goto(link('edit'));
    await tab.getByRole('heading', { name: 'Rosa Entrance' }).waitFor();
    await tab.close();
  });

  await step('the link edit leads a visitor to the sign-in, and then to the customer', async () => {
    const visitor = await play.open();
    await visitor.goto(link('edit'));
    await play.signIn(visitor);
    await visitor.getByRole('heading', { name: 'Rosa Entrance' }).waitFor();
    assert.equal(visitor.url(), link('edit'));
    await play.close(visitor);
  });

  await step('/ leads browsers to the console, and an unknown page leads back', async () => {
    await page.goto(url);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/admin');
    await play.visit('/nowhere');
    await page.getByText('There is no such page').waitFor();
    await page.getByRole('link', { name: 'Customers' }).last().click();
    await play.rows().first().waitFor();
    // Programs get a failure that they can read.
    assert.equal((await api.send('GET', '/admin/nowhere')).error.code, 'not_found');
  });

  await step('without JavaScript, a page says what the console needs', async () => {
    const visitor = await play.open({ javaScript: false });
    await visitor.goto(link('customerGrid'));
    // Selectors of texts skip what is in <noscript>.
    const text = visitor.locator('.without-script');
    await text.waitFor();
    assert.match(await text.innerText(), /The console needs JavaScript/);
    await play.shot('console-without-javascript', visitor);
    await play.close(visitor);
  });

  await step('a wrong password is explained, and slows the next try down', async () => {
    const account = await play.newAdmin();
    const visitor = await play.open();
    await visitor.goto(`${url}/admin/mails`);
    const password = visitor.getByLabel('Password');
    const tryWith = async (text) => {
      await password.fill(text);
      const pending = visitor.waitForResponse(/\/api\/user\/tokens$/);
      await visitor.keyboard.press('Enter');
      return (await pending).status();
    };
    // The second wrong password in a row blocks the account for two seconds.
    const wrong = { email: account.email, password: 'wrong' };
    assert.equal((await api.send('POST', '/api/user/tokens', wrong)).status, 401);
    await play.pause(1100);
    await visitor.getByLabel('E-mail address').fill(account.email);
    await play.expectFailures(/status of 401/, async () => {
      assert.equal(await tryWith('wrong'), 401);
      await problem(visitor).filter({ hasText: 'is wrong, or the account is disabled' }).waitFor();
      await play.until('the password is selected', () => password.evaluate((field) => field === document.activeElement));
      assert.equal(await tryWith(account.password), 401, 'the account is not blocked');
    });
    await play.axe('the sign-in with a problem', visitor);
    await play.shot('console-sign-in-wrong', visitor);
    await play.expectFailures(/status of 429/, async () => {
      const error = { status: 429, code: 'rate_limited', message: 'Too many requests', details: [], request_id: 'x' };
      await visitor.route('**/api/user/tokens', (route) => route.fulfill({ status: 429, headers: { 'Retry-After': '7' }, json: { error } }), { times: 1 });
      assert.equal(await tryWith(account.password), 429);
      await problem(visitor).filter({ hasText: 'Try again in 7 seconds' }).waitFor();
    });
    await play.pause(4100);
    assert.equal(await tryWith(account.password), 200);
    await visitor.getByRole('heading', { level: 1, name: 'Mails' }).waitFor();
    await play.close(visitor);
  });
}
