// The search and each kind of filter; and filters of an address that can't be applied.
import assert from 'node:assert/strict';

const COUNT = 'query ($filter: CustomerFilter) { customersConnection(filter: $filter) { totalCount } }';

/** The name of a filter, what to choose in its form, what the address then has, and the same as a filter of the API. */
const FILTERS = [
  ['Status', (form) => form.getByLabel('Disabled').check(), 'status=0', { status: { eq: 0 } }],
  ['E-mail verified', (form) => form.getByLabel('Not verified').check(), 'verified=no', { emailVerified: false }],
  [
    'Registered',
    async (form) => {
      await form.getByLabel('Between two days').check();
      await form.getByLabel('From').fill('2020-01-01');
      await form.getByLabel('To, inclusive').fill(new Date(Date.now() - 100 * 86_400_000).toISOString().slice(0, 10));
    },
    /created=2020-01-01\.\.\d{4}-\d\d-\d\d/,
    () => ({ createdAt: { lt: new Date(Math.floor(Date.now() / 86_400_000 - 99) * 86_400_000).toISOString() } }),
  ],
  ['Last sign-in', (form) => form.getByLabel('Last 7 days').check(), 'signed_in=7d', { lastSignInAt: { gt: '2020-01-01T00:00:00Z' } }],
  ['Last sign-in', (form) => form.getByLabel('Never').check(), 'signed_in=never', { not: { lastSignInAt: { gt: '2020-01-01T00:00:00Z' } } }],
  [
    'Country',
    async (form) => {
      await form.getByLabel('Search country').fill('germ');
      await form.getByLabel('Germany').check();
      await form.getByLabel('Search country').fill('fra');
      await form.getByLabel('France', { exact: true }).check();
    },
    'country=DE&country=FR',
    { address: { country: { in: ['DE', 'FR'] } } },
  ],
  ['City', (form) => form.getByRole('textbox').fill('münch'), 'city=m%C3%BCnch', { address: { city: { eq: 'München' } } }],
  ['Postcode', (form) => form.getByRole('textbox').fill('101'), 'postcode=101', { address: { postcode: { eq: '10117' } } }],
  [
    'Tier',
    async (form) => {
      await form.getByLabel('gold').check();
      await form.getByLabel('silver').check();
    },
    'field.loyalty.tier=gold&field.loyalty.tier=silver',
    { metafield: { namespace: 'loyalty', key: 'tier', in: ['gold', 'silver'] } },
  ],
  [
    'Points',
    (form) => form.getByLabel('Value of Points').fill('37'),
    'field.loyalty.points=37',
    { metafield: { namespace: 'loyalty', key: 'points', eq: 37 } },
  ],
  [
    'Birthday',
    (form) => form.getByLabel('Has no value').check(),
    'field.profile.birthday=-',
    { metafield: { namespace: 'profile', key: 'birthday', exists: false } },
  ],
  [
    'Note',
    (form) => form.getByLabel('Has a value').check(),
    'field.crm.note=*',
    { metafield: { namespace: 'crm', key: 'note', exists: true } },
  ],
];
const TELEPHONE = '+44 20 7946 0018';
/** What the search finds by, its words, and the same as a filter of the API. */
const KEYWORDS = [
  ['name, in any order and without accents', 'muller dmitri', { fullName: { eq: 'Dmitri Müller' } }],
  ['e-mail address', 'customer77@', { email: { eq: 'customer77@example.com' } }],
  ['telephone', '7946 0018', { address: { telephone: { eq: TELEPHONE } } }],
  ['city', 'são pau', { address: { city: { eq: 'São Paulo' } } }],
  ['postcode', 'M5V 2A2', { address: { postcode: { eq: 'M5V 2A2' } } }],
  ['address line', 'leopoldstr', { address: { city: { eq: 'München' } } }],
];

export async function filters(play) {
  const { page, api, step } = play;
  const count = async (filter) => (await api.query(COUNT, { filter })).customersConnection.totalCount;
  const shown = async () => Number((await play.total()).replace(/\D/g, ''));
  const search = page.getByLabel('Search customers');
  const clear = page.getByRole('button', { name: 'Clear', exact: true });
  /** Adds a filter through its form. */
  const add = async (name, choose) => {
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    const form = page.getByRole('dialog', { name: 'Add a filter' });
    await form.getByRole('button', { name, exact: true }).click();
    await choose(form);
    await form.getByRole('button', { name: 'Apply' }).click();
  };

  await step('the search finds names, e-mail addresses, telephone numbers, cities, postcodes and address lines', async () => {
    const { uuid } = await api.newCustomer({ full_name: 'Dorothy Vaughan' });
    const place = { address_1: '1 Long Lane', postcode: '78701', city: 'Austin', province: 'US-TX', country: 'US' };
    const address = { full_name: 'Dorothy Vaughan', telephone: TELEPHONE, ...place };
    await api.call('POST', `/api/customers/${uuid}/addresses`, address);
    await play.visit('/customers');
    for (const [what, words, filter] of KEYWORDS) {
      await search.fill(words);
      await play.until('the address has the words', () => new URL(page.url()).searchParams.get('q') === words);
      const expected = await count(filter);
      assert.ok(expected > 0 && expected < 1000, `${what}: ${expected}`);
      await play.eventually(`the search by ${what}`, shown, expected);
    }
    await search.fill('no such customer anywhere');
    await page.getByText('No customer matches').waitFor();
    await play.shot('console-nothing-found');
    await page.getByRole('button', { name: 'Clear the search and filters' }).click();
    await play.rows().first().waitFor();
    assert.equal(await search.inputValue(), '');
  });

  await step('each filter finds what the API finds', async () => {
    // One customer has signed in.
    await api.call('POST', '/api/customer/tokens', { email: 'customer7@example.com', password: 'demo-customer' });
    for (const [name, choose, query, filter] of FILTERS) {
      await add(name, choose);
      await play.until(`${name}: the address`, () => (query instanceof RegExp ? query.test(page.url()) : page.url().endsWith(`?${query}`)));
      const expected = await count(typeof filter === 'function' ? filter() : filter);
      assert.ok(expected > 0, `${name} finds nothing`);
      await play.eventually(`the filter ${name}`, shown, expected);
      await clear.click();
      await play.until('no filter', () => !page.url().includes('?'));
    }
  });

  await step('filters combine, are changed and removed, and their address reproduces them', async () => {
    const { customerGroups } = await api.query('{ customerGroups { items { customerGroupId groupName } } }');
    const id = (name) => customerGroups.items.find(({ groupName }) => groupName === name).customerGroupId;
    await add('Group', async (form) => {
      await form.getByLabel('VIP').check();
      await form.getByLabel('Wholesale').check();
    });
    await add('Status', (form) => form.getByLabel('Enabled').check());
    await add('Tier', (form) => form.getByLabel('silver').check());
    await add('City', (form) => form.getByRole('textbox').fill('Berlin'));
    const all = [
      { groupId: { in: [id('VIP'), id('Wholesale')] } },
      { status: { eq: 1 } },
      { metafield: { namespace: 'loyalty', key: 'tier', eq: 'silver' } },
      { address: { city: { contains: 'Berlin' } } },
    ];
    const expected = await count({ and: all });
    assert.ok(expected > 0, 'the filters find nothing together');
    await play.eventually('all filters together', shown, expected);
    await play.axe('a list with filters');
    await play.shot('console-filters');
    await page.reload();
    await play.eventually('after a reload', shown, expected);
    await page.getByRole('button', { name: 'Status: enabled' }).click();
    await page.getByRole('dialog', { name: 'Filter: Status' }).getByLabel('Disabled').check();
    await page.keyboard.press('Enter');
    await play.eventually('the status is changed', shown, await count({ and: [...all.toSpliced(1, 1), { status: { eq: 0 } }] }));
    await page.getByRole('button', { name: 'Remove the filter Status' }).click();
    await page.getByRole('button', { name: 'Remove the filter Tier' }).click();
    await play.eventually('two filters are removed', shown, await count({ and: [all[0], all[3]] }));
  });

  await step('filters that do not exist are named, and the others apply', async () => {
    await play.visit('/customers?field.custom.shoe_size=42&colour=red&created=nonsense&group=99999&status=0');
    const notice = page.locator('.customers-problems');
    await notice.waitFor();
    await play.axe('a list with filters that do not apply');
    await play.shot('console-filters-unknown');
    const texts = await notice.locator('p:not(.soft)').allInnerTexts();
    assert.equal(texts.length, 3, texts.join('\n'));
    assert.ok(await page.getByRole('button', { name: 'Export' }).isDisabled(), 'the export ignores a filter');
    await notice.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('No customer matches').waitFor();
    assert.ok(page.url().endsWith('?group=99999&status=0'), page.url());
    await page.getByRole('button', { name: /Remove the filter Group/ }).click();
    await play.eventually('the filter that exists', shown, await count({ status: { eq: 0 } }));
  });
}
