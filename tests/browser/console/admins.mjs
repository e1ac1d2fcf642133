// Admins: made with a first password that is shown once, renamed, disabled and enabled; and the overview's numbers.
import assert from 'node:assert/strict';
import { Api } from './api.mjs';
import { countRequests } from './stored.mjs';

export async function admins(play) {
  const { page, api, step } = play;
  const email = api.newEmail();
  const stored = async () => {
    const { admins: all } = await api.query('{ admins(first: 100) { nodes { uuid email fullName status secondFactor } } }');
    return all.nodes.find((admin) => admin.email === email);
  };
  const dialog = () => play.dialog();
  const row = (address) => play.rows().filter({ hasText: address });
  const action = async (label) => {
    await row(email).getByRole('button').click();
    await page.getByRole('menuitem', { name: label }).click();
  };
  const tryToSignIn = (password) => new Api(play.url).send('POST', '/api/user/tokens', { email, password });
  let password;
  await play.visit('/admins');

  await step('an admin is created once, with a password that is shown once', async () => {
    await play.gallery('console-admins');
    await page.getByRole('button', { name: 'New admin' }).click();
    await dialog().getByLabel('Name', { exact: true }).fill('Christine Darden');
    await dialog().getByLabel('E-mail address').fill(play.admin.email);
    await play.expectFailures(/status of 409/, async () => {
      await dialog().getByRole('button', { name: 'Create' }).click();
      await dialog().getByText('Another admin has this e-mail address').waitFor();
    });
    await play.gallery('console-admin-new');
    await dialog().getByLabel('E-mail address').fill(email);
    password = await dialog().getByLabel('First password').inputValue();
    const requests = countRequests(page, /^POST \/api\/users$/);
    await dialog().getByRole('button', { name: 'Create' }).dblclick();
    await dialog().getByText('The admin is created').waitFor();
    await dialog().getByText(password).waitFor();
    await play.gallery('console-admin-created');
    await dialog().getByRole('button', { name: 'Done' }).click();
    await row(email).getByText('Christine Darden').waitFor();
    assert.equal(requests.length, 1);
    assert.equal((await tryToSignIn(password)).status, 200);
  });

  await step('an admin is renamed', async () => {
    await action('Rename…');
    await dialog().getByLabel('Name', { exact: true }).fill('Dr. Christine Darden');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await play.toast('Name saved');
    assert.equal((await stored()).fullName, 'Dr. Christine Darden');
  });

  await step('an admin is disabled and enabled, but not by themself', async () => {
    await action('Disable…');
    await dialog().getByText('is signed out at once').waitFor();
    await play.axe('the question');
    await dialog().getByRole('button', { name: 'Disable', exact: true }).click();
    await play.toast('Dr. Christine Darden is disabled');
    assert.equal((await stored()).status, 0);
    assert.equal((await tryToSignIn(password)).status, 401);
    await action('Enable');
    await play.toast('Dr. Christine Darden is enabled');
    assert.equal((await stored()).status, 1);
    await row(play.admin.email).getByRole('button').click();
    await page.getByRole('menuitem', { name: 'Own account' }).waitFor();
    assert.equal(await page.getByRole('menuitem', { name: 'Disable…' }).count(), 0);
    await page.keyboard.press('Escape');
  });

  await step('the overview has the numbers of the API', async () => {
    const { overview } = await api.query(
      '{ overview { customers enabledCustomers registeredLastDay registeredLastWeek registeredPerDay { date count } mailsPending mailsFailed deliveriesFailed adminsWithoutSecondFactor } }',
    );
    await play.visit('');
    const tile = (label) => page.locator('.overview-tile').filter({ hasText: label }).locator('.overview-number');
    const shown = { Customers: overview.customers, Enabled: overview.enabledCustomers, 'New in 24 hours': overview.registeredLastDay, 'New in 7 days': overview.registeredLastWeek };
    for (const [label, number] of Object.entries(shown)) {
      await play.eventually(label, () => tile(label).first().textContent(), number.toLocaleString('en'));
    }
    const sum = overview.registeredPerDay.reduce((total, { count }) => total + count, 0);
    await page.getByText(`${sum.toLocaleString('en')} customers in 30 days`).waitFor();
    await play.gallery('console-overview');
    await page.getByText('Show as a table').click();
    assert.equal(await page.locator('.overview-table tbody tr').count(), 30);
    await play.axe('the overview with its table');
    await page.getByRole('link', { name: /no second factor/ }).first().click();
    await page.getByRole('heading', { level: 1, name: /Own account|Admins/ }).waitFor();
  });
}
