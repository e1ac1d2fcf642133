// The export of what the filter finds, as CSV and NDJSON.
import assert from 'node:assert/strict';
import fs from 'node:fs';

export async function exports(play) {
  const { page, api, step } = play;
  /** Exports what the list shows, and returns the lines of the file. */
  const download = async (format) => {
    await page.getByRole('button', { name: 'Export' }).click();
    await play.dialog().getByLabel(format).check();
    const pending = page.waitForEvent('download');
    await play.dialog().getByRole('button', { name: 'Export', exact: true }).click();
    const file = await pending;
    await play.dialog().waitFor({ state: 'detached' });
    const lines = fs.readFileSync(await file.path(), 'utf8').trimEnd().split(/\r?\n/);
    return { name: file.suggestedFilename(), lines };
  };

  await step('the export has the customers that the filter finds', async () => {
    const word = `Export${Date.now()}`;
    const names = [`${word} "quoted", with commas`, `${word} =1+1`, `${word} زهراء 🎉`];
    for (const full_name of names) await api.newCustomer({ full_name });
    await play.visit(`/customers?q=${word}`);
    await play.total();
    await page.getByRole('button', { name: 'Export' }).click();
    await play.axe('the dialog of an export');
    await play.shot('console-export');
    await page.keyboard.press('Escape');

    const ndjson = await download(/NDJSON/);
    assert.equal(ndjson.name, 'customers.ndjson');
    assert.deepEqual(ndjson.lines.map((line) => JSON.parse(line).full_name).toSorted(), names.toSorted());

    const csv = await download(/CSV/);
    assert.equal(csv.name, 'customers.csv');
    assert.match(csv.lines[0], /full_name/);
    assert.equal(csv.lines.length, 4, csv.lines.join('\n'));
    assert.ok(csv.lines.some((line) => line.includes(`"${word} ""quoted"", with commas"`)), csv.lines.join('\n'));
  });
}
