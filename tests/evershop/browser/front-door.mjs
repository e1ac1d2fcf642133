// Plays the storefront and the back office of EverShop in Chromium, behind a proxy that has patron as the front door. `run` starts
// all of them, and calls this script:
//
//   node front-door.mjs --url URL --password ADMIN_PASSWORD --mails FOLDER --screenshots FOLDER --modules FOLDER --chromium FILE
//
// The database has the customer `before@shop.example` with the password `registered before`, and the product `wrench`. A step that
// fails ends the script with the exit code 1. No response may have a status of 400 or more, unless it is what the step shows.
import { readArguments } from '../../browser/kit.mjs';
import { BackOffice } from './back-office.mjs';
import { Stage } from './stage.mjs';
import { Storefront } from './storefront.mjs';

const OLD = { name: 'Bea Before', email: 'before@shop.example', password: 'registered before' };
const ada = { name: 'Ada Lovelace', email: 'ada@shop.example', password: 'engine number one' };
const FORGOTTEN = 'engine number two';
const ADMIN = 'admin@shop.example';

async function playStorefront(stage) {
  const page = await stage.page();
  const shop = new Storefront(stage, page);
  const step = (name, play, expected) => stage.step(page, name, play, expected);

  await step('register', () => shop.register(ada));
  await step('confirm the address by the mailed link', () => shop.confirm(ada.email));
  await step('log out', () => shop.logOut());
  await step('a wrong password', () => shop.isRefused(ada.email, 'wrong password', 'Invalid email or password'), / 401$/);
  await step('a taken address', () => shop.cannotRegister(ada, 'already'), / 409$/);
  const weak = { name: 'Weak', email: 'weak@shop.example', password: 'abcdef' };
  await step('a weak password', () => shop.cannotRegister(weak, 'Password must'), / 400$/);
  await step('put a product into the cart as a visitor', async () => {
    await shop.addToCart('wrench');
    await shop.hasInCart('Wrench');
  });
  await step('log in', () => shop.logIn(ada));
  await step('the cart of the visitor', () => shop.hasInCart('Wrench'));
  await step('add an address', async () => {
    await shop.addAddress(ada.name, { street: '1 Market Street' });
    await shop.lists(['1 Market Street']);
  });
  await step('add a second address as the default', async () => {
    await shop.addAddress(ada.name, { street: '2 Market Street', isDefault: true });
    await shop.lists(['1 Market Street', '2 Market Street *']);
  });
  await step('make the first address the default', async () => {
    await shop.changeAddress('1 Market Street', { isDefault: true });
    await shop.lists(['1 Market Street *', '2 Market Street']);
  });
  await step('change an address', async () => {
    await shop.changeAddress('2 Market Street', { street: '22 Market Street' });
    await shop.lists(['1 Market Street *', '22 Market Street']);
  });
  await step('delete an address', async () => {
    await shop.deleteAddress('22 Market Street');
    await shop.lists(['1 Market Street *']);
  });
  await step('change the name', async () => {
    ada.name = 'Ada King';
    await shop.changeProfile({ name: ada.name });
    await shop.showsAccount(ada.name, ada.email);
  });
  await step('change the e-mail address', async () => {
    await shop.changeProfile({ email: 'ada.king@shop.example' });
    // The old address stays until the new one is confirmed.
    await shop.showsAccount(ada.name, ada.email);
    ada.email = 'ada.king@shop.example';
    await shop.confirm(ada.email);
    await shop.showsAccount(ada.name, ada.email);
  });
  // In another browser, since the page of the login leads a customer who is logged in to the shop.
  const other = await stage.page();
  const visitor = new Storefront(stage, other);
  await stage.step(other, 'forget the password', () => visitor.forgetPassword(ada.email));
  await stage.step(other, 'set a new password by the mailed link', async () => {
    await visitor.setPassword(await stage.mailTo(ada.email, /http\S+reset-password#token=\w+/), FORGOTTEN);
  });
  await step('the session of the old password has ended', () => shop.isLoggedOut());
  await step('the old password', () => shop.isRefused(ada.email, ada.password, 'Invalid email or password'), / 401$/);
  ada.password = FORGOTTEN;
  await step('log in with the new password', () => shop.logIn(ada));
  return shop;
}

async function playOldCustomer(stage) {
  const page = await stage.page();
  const shop = new Storefront(stage, page);
  await stage.step(page, 'log in as a customer from before the adoption', () => shop.logIn(OLD));
  await stage.step(page, 'log out again', () => shop.logOut());
}

async function playBackOffice(stage, shop) {
  const page = await stage.page();
  const office = new BackOffice(stage, page);
  const step = (name, play, expected) => stage.step(page, name, play, expected);

  await step('log in as the admin', () => office.logIn(ADMIN, stage.settings.password));
  await step('the grid of customers', () => office.showsGrid([ada, OLD]));
  await step('the page of a customer', () => office.openCustomer(ada));
  await step('define a custom field', () => office.defineField('Loyalty level', 'loyalty'));
  await step('set the custom field', async () => {
    await office.setField('loyalty', 'gold');
    await office.showsField('loyalty', 'gold');
  });
  await step('clear the custom field', async () => {
    await office.setField('loyalty', '');
    await office.showsField('loyalty', 'Not set');
    await office.setField('loyalty', 'silver');
  });
  await step('disable the customer', () => office.setStatus(ada, 'Disable'));
  await stage.step(shop.page, 'the session of the disabled customer has ended', () => shop.isLoggedOut());
  await stage.step(shop.page, 'a disabled customer', () => shop.isRefused(ada.email, ada.password, ''), / 401$/);
  await step('enable the customer', () => office.setStatus(ada, 'Enable'));
  await stage.step(shop.page, 'log in after that', () => shop.logIn(ada));
  await step('log out as the admin', () => office.logOut());
}

const settings = readArguments();
const stage = await Stage.open(settings);
try {
  const shop = await playStorefront(stage);
  await playOldCustomer(stage);
  await playBackOffice(stage, shop);
  console.log(`all ${stage.steps} steps passed`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  console.log(`screenshots are in ${settings.screenshots}`);
  await stage.browser.close();
}
