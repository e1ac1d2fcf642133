// Fills a running shop with customers, addresses and custom fields, through EverShop's own API.
//
//   node populate.mjs URL ADMIN_EMAIL ADMIN_PASSWORD
//
// Every request has to succeed. Prints the uuids of the customers by their e-mail addresses, as JSON.
const [base, adminEmail, adminPassword] = process.argv.slice(2);

let requests = 0;

/** EverShop counts requests by client address. A new one for each request stays below the limits. */
function clientAddress() {
  requests += 1;
  return `10.1.${Math.floor(requests / 250)}.${(requests % 250) + 1}`;
}

async function call(method, path, body, token) {
  const response = await fetch(base + path, {
    method,
    headers: {
      'content-type': 'application/json',
      'x-forwarded-for': clientAddress(),
      ...(token && { authorization: `Bearer ${token}` })
    },
    body: JSON.stringify(body)
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} ${JSON.stringify(body)}: ${response.status} ${text}`);
  return JSON.parse(text).data;
}

const PEOPLE = [
  ['Ada Lovelace', 'ada@shop.example', 'engine number one'],
  ['Grace Hopper', 'Grace.Hopper@Shop.Example', 'compiler of 1952'],
  ['Zażółć Gęślą 🦊', 'jazn@shop.example', 'zażółć gęślą'],
  // Six characters: enough for EverShop, not for a new password of patron.
  ['O’Neil <b>', "o'neil+tag@sub.shop.example", 'abcdef'],
  ['Disabled Dora', 'dora@shop.example', 'dora is disabled'],
  ['Long Lena', 'lena@shop.example', 'x'.repeat(80)],
  ['No Address', 'none@shop.example', 'none none none']
];

const address = (owner, more) => ({
  full_name: owner,
  telephone: '+1 555 0100',
  address_1: '1 Market Street',
  address_2: '',
  city: 'San Francisco',
  postcode: '94103',
  province: 'US-CA',
  country: 'US',
  ...more
});

const ADDRESSES = [
  ['ada@shop.example', {}],
  ['ada@shop.example', { address_1: '2 Market Street', is_default: true }],
  ['Grace.Hopper@Shop.Example', { province: 'PL-DS', country: 'PL', city: 'Wrocław', postcode: '50-062' }],
  // EverShop stores any text as a country.
  ['jazn@shop.example', { province: 'anything', country: 'Polska', is_default: true }]
];

const FIELDS = [
  { namespace: 'custom', fieldKey: 'loyalty', name: 'Loyalty level', fieldType: 'short_text' },
  { namespace: 'crm', fieldKey: 'score', name: 'Score', fieldType: 'integer', visibleToCustomer: false },
  {
    namespace: 'crm',
    fieldKey: 'contact',
    name: 'Contacts',
    fieldType: 'group',
    isList: true,
    subFields: [{ key: 'who', name: 'Who', type: 'short_text' }]
  }
];

const { accessToken: admin } = await call('POST', '/api/user/tokens', { email: adminEmail, password: adminPassword });
const uuids = {};
for (const [full_name, email, password] of PEOPLE) {
  uuids[email] = (await call('POST', '/api/customers', { full_name, email, password })).uuid;
}
await call('PATCH', `/api/customers/${uuids['dora@shop.example']}`, { status: 0 }, admin);
for (const [email, more] of ADDRESSES) {
  await call('POST', `/api/customers/${uuids[email]}/addresses`, address('Somewhere', more), admin);
}
for (const field of FIELDS) await call('POST', '/api/metafield-definitions', { ownerType: 'customer', ...field }, admin);
await call(
  'POST',
  '/api/metafield-definitions',
  { ownerType: 'product', namespace: 'custom', fieldKey: 'care', name: 'Care', fieldType: 'long_text' },
  admin
);
const metafields = { custom: { loyalty: 'gold' }, crm: { score: 42, contact: [{ who: 'Charles' }] } };
await call('PATCH', `/api/customers/${uuids['ada@shop.example']}/metafields`, { metafields }, admin);
console.log(JSON.stringify(uuids));
