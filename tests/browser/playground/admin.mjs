// An admin in the playground: the sign-in by keyboard, every query of the back office, documentation and query builder.
import assert from 'node:assert/strict';
import { hasData } from './play.mjs';

export async function admin(play) {
  const { page, url, step, shot, openPlayground, run, account, panel, signedInAs, openExample, example, runExamples, assertNoTokenIsStored } = play;

  await step('an admin signs in by keyboard alone', async () => {
    await openPlayground();
    const focused = () => page.evaluate(() => document.activeElement.className);
    for (let presses = 0; !(await focused()).includes('account'); presses++) {
      assert.ok(presses < 5, 'the account button is not among the first five stops of the Tab key');
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await panel.waitFor();
    // The focus is on the e-mail address; the kind of account is before it.
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Tab');
    await page.keyboard.type(play.admin.email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(play.password);
    await shot('sign-in');
    await page.keyboard.press('Enter');
    await signedInAs(play.admin.email);
    assert.match(await focused(), /account/, 'the focus has not returned to the account button');
  });

  await step('every query of the back office, as an admin', async () => {
    assert.ok((await runExamples(['As an admin'], hasData)) >= 5);
    assert.ok(await page.locator('.graphiql-tab-active').evaluate((tab) => tab.getBoundingClientRect().right <= innerWidth), 'the active tab is out of sight');
    const { authorization, url: path } = await run();
    assert.match(path, /\/api\/admin\/graphql$/);
    await page.getByRole('button', { name: 'Headers', exact: true }).click();
    const pane = page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines');
    await pane.filter({ hasText: 'Authorization' }).waitFor();
    assert.ok((await pane.textContent()).replace(/\s/g, '').includes(authorization.slice(7, 40)));
    await shot('signed-in');
    await assertNoTokenIsStored();
  });

  await step('the documentation links from type to type', async () => {
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    const docs = page.locator('.graphiql-doc-explorer');
    await docs.getByRole('link', { name: 'Query', exact: true }).click();
    await docs.getByRole('link', { name: 'CustomerCollection', exact: true }).first().click();
    await docs.getByText('A page of customers.').waitFor();
    await docs.getByRole('link', { name: 'Customer', exact: true }).first().click();
    await docs.getByText('A customer account.').waitFor();
    await shot('documentation');
  });

  await step('the query builder lists the root fields', async () => {
    await page.getByRole('button', { name: 'Show Query builder' }).click();
    const builder = page.locator('.graphiql-explorer-root');
    await builder.getByText('countries', { exact: true }).waitFor();
    await shot('query-builder');
  });

  await step('the query builder shows the values of lists', async () => {
    await page.getByRole('button', { name: 'Show Examples' }).click();
    await openExample(example('First steps'));
    await page.getByRole('button', { name: 'Show Query builder' }).click();
    const value = (number) => page.getByRole('textbox', { name: `countries, value ${number}`, exact: true });
    assert.equal(await value(1).inputValue(), 'US');
    await value(1).fill('FR');
    await page.getByRole('button', { name: 'Add a value to countries' }).click();
    await value(3).fill('CA');
    await page.getByRole('button', { name: 'Remove countries, value 2' }).click();
    await page.locator('.graphiql-query-editor .view-line', { hasText: 'CA' }).first().waitFor();
    assert.deepEqual((await run()).result.data.countries.map((country) => country.code).sort(), ['CA', 'FR']);
    await shot('query-builder-list');
    await page.getByRole('button', { name: 'Hide Query builder' }).click();
  });

  await step('Tab leaves the editor, and Ctrl-M lets it indent', async () => {
    const isInside = () => page.evaluate(() => document.activeElement.closest('.graphiql-query-editor .monaco-editor') !== null);
    await page.locator('.graphiql-query-editor .view-line').first().click();
    assert.ok(await isInside());
    await page.keyboard.press('Tab');
    assert.ok(!(await isInside()), 'Tab stays in the editor');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    assert.ok(await isInside(), 'Enter does not enter the editor');
    await page.keyboard.press('Control+m');
    await page.keyboard.press('Tab');
    assert.ok(await isInside(), 'Tab leaves the editor after Ctrl-M');
    await page.keyboard.press('Control+m');
  });
}
