// What the parts of the console's test share, beside what kit.mjs describes:
//   signIn(page?, account?)     fills the sign-in form, and waits for the shell; account is { email, password }, by default `admin`
//   visit(path, page?, account?) opens a path such as '/customers?status=0' below /admin, and signs in if the page asks for it
//   api                         the server's API as another admin, Grace Hopper, with a separate session: see api.mjs
//   newAdmin(fullName?)         makes an admin, and returns { email, password, fullName, uuid }
//   axe(where, page?, themes?)  fails on serious and critical findings of axe-core, in light and in dark
//   fits(where, page?)          fails if the page scrolls sideways
//   gallery(name, page?)        screenshots NAME, NAME-dark and NAME-phone (the page resized), with axe in each size, and fits
//   rows(page?)                 the locator of the rows of the table
//   total(page?)                waits until the list of customers shows what its address says; returns the number that it names
//   column(label, page?)        the texts of a column of the table
//   focused(page?)              the name of the element that has the focus
//   toast(text, page?)          waits for a toast with this text
//   dialog(page?)               the locator of the open dialog on top
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { DESK, PHONE } from '../kit.mjs';
import { Api } from './api.mjs';

/** Adds to `play`, and returns it. */
export async function consolePlay(play) {
  return Object.assign(consoleTools(play), { api: await Api.start(play.url, play.admin) });
}
/** Adds all but the API. */
export function consoleTools(play) {
  const axeSource = fs.readFileSync(path.join(play.modules, 'node_modules/axe-core/axe.min.js'), 'utf8');
  return Object.assign(play, { axeSource }, bound(play));
}

const bound = (play) =>
  Object.fromEntries(Object.entries(tools).map(([name, tool]) => [name, (...values) => tool(play, ...values)]));

const tools = {
  async signIn(play, page = play.page, { email, password } = play.admin) {
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.locator('.shell').waitFor();
  },

  async visit(play, place, page = play.page, account = play.admin) {
    await page.goto(`${play.url}/admin${place}`);
    const form = page.locator('.sign-in form');
    await page.locator('.shell').or(form).first().waitFor();
    if (await form.count()) await play.signIn(page, account);
  },

  async newAdmin(play, fullName = 'Katherine Johnson') {
    const email = `admin-${Date.now()}-${Math.random().toString(36).slice(2, 8)}@example.com`;
    const password = 'correct horse battery staple';
    const { uuid } = await play.api.call('POST', '/api/users', { email, full_name: fullName, password });
    return { email, password, fullName, uuid };
  },

  async axe(play, where, page = play.page, themes = ['light', 'dark']) {
    const isDark = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches);
    // The debugger evaluates it, so the policy of the page does not prevent it.
    await page.evaluate(play.axeSource);
    for (const colorScheme of themes) {
      await page.emulateMedia({ colorScheme });
      // A theme changes nothing but colours.
      const rules = colorScheme === 'dark' ? { runOnly: ['color-contrast'] } : {};
      const { violations } = await page.evaluate(
        // All rows of a table are alike.
        (options) => window.axe.run({ exclude: ['.table tbody tr:nth-child(n+9)'] }, { resultTypes: ['violations'], ...options }),
        rules,
      );
      const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
      const text = ({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`;
      assert.deepEqual(serious.map(text), [], `axe in ${colorScheme}: ${where}`);
    }
    await page.emulateMedia({ colorScheme: isDark ? 'dark' : 'light' });
  },

  async fits(play, where, page = play.page) {
    const tooWide = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
    assert.ok(tooWide <= 0, `${where} is ${tooWide} pixels wider than the page`);
  },

  async gallery(play, name, page = play.page) {
    await play.shot(name, page);
    await play.axe(name, page);
    await page.emulateMedia({ colorScheme: 'dark' });
    await play.shot(`${name}-dark`, page);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(PHONE);
    await play.fits(`${name} on a phone`, page);
    await play.shot(`${name}-phone`, page);
    // The colours are those of the desktop.
    await play.axe(`${name} on a phone`, page, ['light']);
    await page.setViewportSize(DESK);
  },

  rows: (play, page = play.page) => page.locator('.table tbody tr[data-id]'),
  async total(play, page = play.page) {
    const shown = page.locator('.table-frame:not([data-stale]) tr[data-id], .empty-state').first();
    const count = () => page.locator('.pager-info').textContent();
    return play.until('the list is complete', async () => {
      await shown.waitFor();
      if (await page.locator('.empty-state').count()) return '0 customers';
      return !(await page.locator('[data-stale]').count()) && (await count());
    });
  },
  column: (play, label, page = play.page) => page.locator(`tr[data-id] td[data-label="${label}"]`).allInnerTexts(),
  dialog: (play, page = play.page) => page.locator('dialog[open]').last(),
  toast: (play, text, page = play.page) => page.locator('.toast', { hasText: text }).first().waitFor(),
  focused: (play, page = play.page) =>
    page.evaluate(() => {
      const { ariaLabel, labels, textContent } = document.activeElement;
      return (ariaLabel ?? labels?.[0]?.textContent ?? textContent).trim();
    }),
};
