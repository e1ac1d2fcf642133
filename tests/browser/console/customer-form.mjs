// The form of a customer: everything changed in one save, problems at the fields, what is not saved.
import assert from 'node:assert/strict';
import { countRequests, newCustomer, stored } from './stored.mjs';

const CHOICES = { validations: [{ type: 'choices', values: ['email', 'post', 'telephone'] }] };
/** Of the run, because the values of a deleted field are still being deleted for a while. */
const NAMESPACE = `kind_${Date.now()}`;
/** A custom field of each kind. */
const FIELDS = [
  { fieldKey: 'nickname', name: 'Nickname', fieldType: 'short_text', validations: [{ type: 'regexp', pattern: '^[a-z]+$' }] },
  { fieldKey: 'story', name: 'Story', fieldType: 'long_text' },
  { fieldKey: 'discount', name: 'Discount', fieldType: 'number' },
  { fieldKey: 'consent', name: 'Consent', fieldType: 'boolean' },
  { fieldKey: 'website', name: 'Website', fieldType: 'url' },
  { fieldKey: 'document', name: 'Document', fieldType: 'rich_text' },
  { fieldKey: 'channel', name: 'Channel', fieldType: 'short_text', ...CHOICES },
  { fieldKey: 'channels', name: 'Channels', fieldType: 'short_text', isList: true, ...CHOICES },
  { fieldKey: 'tags', name: 'Tags', fieldType: 'short_text', isList: true },
  {
    fieldKey: 'company',
    name: 'Company',
    fieldType: 'group',
    subFields: [
      { key: 'legal_name', name: 'Legal name', type: 'short_text', required: true },
      { key: 'employees', name: 'Employees', type: 'integer' },
    ],
  },
];

export async function customerForm(play) {
  const { page, api, step } = play;
  const definitions = [];
  for (const field of FIELDS) {
    definitions.push(await api.call('POST', '/api/metafield-definitions', { ownerType: 'customer', namespace: NAMESPACE, ...field }));
  }
  const { uuid } = await newCustomer(play);
  const form = page.locator('.customer-form');
  const field = (label) => labelled(form, label);
  const heading = (name) => page.getByRole('heading', { level: 1, name });
  const save = page.getByRole('button', { name: 'Save', exact: true });
  const address = (street) => page.locator('.customer-address', { hasText: street });
  await play.visit(`/customers/edit/${uuid}`);
  await heading('Ada Lovelace').waitFor();

  await step('a customer is changed in all its parts, by one save', async () => {
    const changes = countRequests(page, /^(POST|PATCH|DELETE) \/api\/customers/);
    await field('Name').fill('Ada King, Countess of Lovelace');
    await field('E-mail address').fill(`king-${uuid}@example.com`);
    await field('Status').selectOption({ label: 'Disabled' });
    await field('Group').selectOption({ label: 'VIP' });
    await fillFields(form);
    await form.getByRole('button', { name: /^Unter den Linden 1/ }).click();
    await address('Unter den Linden 1').getByLabel('City').fill('Potsdam');
    await form.getByRole('button', { name: 'Delete Friedrichstraße 2' }).click();
    await form.getByRole('button', { name: 'Add address' }).click();
    const added = page.locator('.customer-address:not(.deleted)').last();
    await added.getByLabel('Street address').fill('1 Market Street');
    await added.getByLabel('Country').selectOption('US');
    await added.getByLabel('ZIP code').fill('94103');
    await added.getByLabel('State').selectOption('US-CA');
    await added.getByLabel('Default address').check();
    await play.gallery('console-customer-changed');
    await save.dblclick();
    await play.toast(/^Saved$/);
    await save.waitFor({ state: 'hidden' });
    const lines = changes.map(({ line }) => line.replaceAll(/[0-9a-f-]{36}/g, '…'));
    assert.deepEqual(lines, [
      'PATCH /api/customers/…',
      'PATCH /api/customers/…/metafields',
      'PATCH /api/customers/…/addresses/…',
      'DELETE /api/customers/…/addresses/…',
      'POST /api/customers/…/addresses',
    ]);
    assert.equal(new Set(changes.map(({ headers }) => headers['idempotency-key'])).size, changes.length);
    assert.ok(changes.slice(0, 4).every(({ headers }) => /^"\d+"$/.test(headers['if-match'])));
  });

  await step('all of it is stored', async () => {
    const customer = await stored(play, uuid);
    const { email, fullName, status, group, fields } = customer;
    assert.deepEqual([email, fullName, status, group], [`king-${uuid}@example.com`, 'Ada King, Countess of Lovelace', 0, 'VIP']);
    assert.deepEqual(fields, EXPECTED);
    const addresses = customer.addresses.map(({ address1, city, country, isDefault }) => [address1, city, country.code, isDefault]);
    assert.deepEqual(addresses, [
      ['1 Market Street', null, 'US', true],
      ['Unter den Linden 1', 'Potsdam', 'DE', false],
    ]);
  });

  await step('a problem is shown at its field, and what is right is saved', async () => {
    await field('E-mail address').fill('ada');
    await field('Points').fill('1.5');
    await field('Website').fill('example.com');
    await field('Nickname').fill('ENCHANTRESS');
    await form.getByRole('button', { name: 'Add address' }).click();
    await form.getByLabel('Street address').last().fill('Nowhere 1');
    await save.click();
    for (const text of ['The e-mail address must be complete', 'Points must be a whole number', 'Website must begin with', 'State is required']) {
      await form.locator('.field-error', { hasText: text }).waitFor();
    }
    assert.equal(await play.focused(), 'E-mail address');
    await play.shot('console-customer-problems');
    await field('E-mail address').fill('customer1@example.com');
    await field('Points').fill('12');
    await field('Website').fill('https://example.com/ada');
    await form.getByRole('button', { name: /^Delete/ }).last().click();
    await play.expectFailures(/status of 409/, async () => {
      await save.click();
      await form.locator('.field-error', { hasText: 'Another customer has this e-mail address' }).waitFor();
    });
    await field('E-mail address').fill(`king-${uuid}@example.com`);
    await play.expectFailures(/status of 400/, async () => {
      await save.click();
      await form.locator('.field-error', { hasText: /^nickname|^Nickname/ }).waitFor();
    });
    assert.equal((await stored(play, uuid)).fields['loyalty.points'], 42);
    await field('Nickname').fill('ada');
    await save.click();
    await save.waitFor({ state: 'hidden' });
    await play.eventually('the values are stored', async () => (await stored(play, uuid)).fields['loyalty.points'], 12);
  });

  await step('what is not saved is not left behind without a question', async () => {
    await field('Name').fill('Not saved');
    await page.getByRole('link', { name: 'Groups', exact: true }).click();
    await play.dialog().getByText('Leave without saving?').waitFor();
    await play.axe('the question');
    await play.dialog().getByRole('button', { name: 'Stay' }).click();
    assert.equal(await field('Name').inputValue(), 'Not saved');
    const asked = page.waitForEvent('dialog');
    const reload = page.evaluate(() => setTimeout(() => location.reload())).catch(() => {});
    const question = await asked;
    assert.equal(question.type(), 'beforeunload');
    await question.dismiss();
    await reload;
    await page.getByRole('button', { name: 'Discard', exact: true }).click();
    await play.dialog().getByRole('button', { name: 'Discard', exact: true }).click();
    await play.until('the form has the stored name', async () => (await field('Name').inputValue()).startsWith('Ada King'));
    await page.getByRole('link', { name: 'Groups', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Groups' }).waitFor();
  });
  for (const { uuid: definition } of definitions) await api.call('DELETE', `/api/metafield-definitions/${definition}`);
}

const EXPECTED = {
  'loyalty.tier': 'gold',
  'loyalty.points': 42,
  'profile.birthday': '1815-12-10',
  'profile.favourite_colour': '#5b4b8a',
  'crm.note': 'First line\nسطر ثان',
  [`${NAMESPACE}.nickname`]: 'enchantress',
  [`${NAMESPACE}.story`]: '👩‍💻 Notes on the engine',
  [`${NAMESPACE}.discount`]: -2.5,
  [`${NAMESPACE}.consent`]: true,
  [`${NAMESPACE}.website`]: 'https://example.com/',
  [`${NAMESPACE}.document`]: [{ type: 'paragraph', text: 'Hello' }],
  [`${NAMESPACE}.channel`]: 'post',
  [`${NAMESPACE}.channels`]: ['email', 'telephone'],
  [`${NAMESPACE}.tags`]: ['poet', 'engineer'],
  [`${NAMESPACE}.company`]: { legal_name: 'Analytical Engines', employees: 2 },
};

/** The control with this label; a custom field that the customer sees says so in its label. */
const labelled = (form, label) => form.getByLabel(new RegExp(`^${label}( \\(|$)`));

async function fillFields(form) {
  const values = {
    Points: '42',
    Birthday: '1815-12-10',
    'Favourite colour': '#5b4b8a',
    Note: 'First line\nسطر ثان',
    Nickname: 'enchantress',
    Story: '👩‍💻 Notes on the engine',
    Discount: '-2.5',
    Website: 'https://example.com/',
    Document: '[{"type":"paragraph","text":"Hello"}]',
    'Legal name': 'Analytical Engines',
    Employees: '2',
  };
  for (const [label, value] of Object.entries(values)) await labelled(form, label).fill(value);
  for (const [label, value] of Object.entries({ Tier: 'gold', Consent: 'Yes', Channel: 'post' })) {
    await labelled(form, label).selectOption({ label: value });
  }
  const channels = form.getByRole('group', { name: /^Channels/ });
  for (const choice of ['telephone', 'email']) await channels.getByLabel(choice).check();
  await form.getByRole('button', { name: 'Add to Tags' }).click();
  await form.page().keyboard.type('poet');
  await form.page().keyboard.press('Enter');
  await form.page().keyboard.type('engineer');
}
