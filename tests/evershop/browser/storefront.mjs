// What a customer does in the storefront of EverShop.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

const REGISTERED = /^POST \/api\/customers 201$/;
const LOGGED_IN = /^POST \/customer\/login 200$/;

/** Waits until the scripts of a page of EverShop have taken over what the server has rendered. */
export async function ready(page) {
  await page.waitForLoadState('networkidle');
}

export async function go(page, url) {
  await page.goto(url);
  await ready(page);
}

/** Waits for the message that EverShop shows for a few seconds. */
export async function toast(page, text) {
  await page.locator('[data-sonner-toast]').filter({ hasText: text }).first().waitFor();
}

/** Whether the customer is logged in, by the icon in the header of all pages. */
async function isLoggedIn(page, expected) {
  await page.getByRole('link', { name: expected ? 'Account' : 'Sign in', exact: true }).first().waitFor();
}

export class Storefront {
  constructor(stage, page) {
    Object.assign(this, { stage, page, url: stage.settings.url });
  }

  async fillRegistration({ name, email, password }) {
    await go(this.page, `${this.url}/account/register`);
    await this.page.locator('#field-full_name').fill(name);
    await this.page.locator('#field-email').fill(email);
    await this.page.locator('#field-password').fill(password);
    await this.page.getByRole('button', { name: 'Sign Up' }).click();
  }

  async register({ name, email, password }) {
    await this.fillRegistration({ name, email, password });
    await this.page.waitForURL(`${this.url}/`);
    this.stage.sent(REGISTERED);
    this.stage.sent(LOGGED_IN);
    await this.showsAccount(name, email);
  }

  async showsAccount(name, email) {
    await go(this.page, `${this.url}/account`);
    await this.page.locator('.account__details__name').getByText(name, { exact: true }).waitFor();
    await this.page.locator('.account__details__email').getByText(email, { exact: true }).waitFor();
  }

  async logOut() {
    await go(this.page, `${this.url}/account`);
    await this.page.getByRole('button', { name: 'Log out' }).click();
    await this.page.waitForURL(`${this.url}/`);
    await isLoggedIn(this.page, false);
    this.stage.sent(/^POST \/customer\/logout 200$/);
    await this.isLoggedOut();
  }

  /** The page of an account sends visitors to the login. */
  async isLoggedOut() {
    await go(this.page, `${this.url}/account`);
    await this.page.waitForURL(/\/account\/login/);
  }

  async cannotRegister({ name, email, password }, message) {
    await this.fillRegistration({ name, email, password });
    await toast(this.page, message);
    this.stage.sent(/^POST \/api\/customers 4\d\d$/);
  }

  async addToCart(product) {
    await go(this.page, `${this.url}/${product}`);
    await this.page.getByRole('button', { name: 'Add to cart' }).click();
    await this.page.waitForResponse((response) => /\/cart\/mine\/items/.test(response.url()) && response.ok());
  }

  async hasInCart(name) {
    await go(this.page, `${this.url}/cart`);
    await this.page.getByRole('link', { name, exact: true }).first().waitFor();
  }

  /** Confirms an address by the link that patron has mailed. */
  async confirm(email) {
    await this.page.goto(await this.stage.mailTo(email, /http\S+verify-email#token=\w+/));
    await this.page.getByRole('button', { name: 'Confirm this address' }).click();
    await this.page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor();
    this.stage.sent(/^POST \/api\/customers\/verify-email 200$/);
  }

  async enter(email, password) {
    await go(this.page, `${this.url}/account/login`);
    await this.page.locator('#field-email').fill(email);
    await this.page.locator('#field-password').fill(password);
    await this.page.getByRole('button', { name: 'Sign In' }).click();
  }

  async logIn({ name, email, password }) {
    await this.enter(email, password);
    await this.page.waitForURL(`${this.url}/`);
    await isLoggedIn(this.page, true);
    this.stage.sent(LOGGED_IN);
    await this.showsAccount(name, email);
  }

  async isRefused(email, password, message) {
    await this.enter(email, password);
    await toast(this.page, message);
    this.stage.sent(/^POST \/customer\/login 401$/);
    // patron refuses the right password as well for a second after a wrong one: docs/limits.md.
    await pause(1500);
  }

  /** The addresses that the page lists, with * at the default one. */
  async addresses() {
    const items = await this.page.locator('[data-slot=item]').filter({ has: this.page.locator('.address-one') }).all();
    return Promise.all(
      items.map(async (item) => {
        const isDefault = (await item.getAttribute('class')).includes('border-primary');
        return (await item.locator('.address-one').innerText()) + (isDefault ? ' *' : '');
      }),
    );
  }

  /** Waits for these addresses, also after a reload. */
  async lists(expected) {
    const shown = async () => (await this.addresses()).toSorted().join('; ');
    const text = expected.toSorted().join('; ');
    await this.stage.until(`the addresses are ${text}`, async () => (await shown()) === text);
    await this.page.reload();
    await ready(this.page);
    assert.equal(await shown(), text);
  }

  async choose(field, option) {
    await this.page.getByRole('dialog').locator(`#field-${field}`).click();
    await this.page.getByRole('option', { name: option, exact: true }).click();
  }

  async fillAddress({ street, isDefault }) {
    const dialog = this.page.getByRole('dialog');
    if (street) await dialog.locator('#field-address_1').fill(street);
    if (isDefault) await dialog.getByRole('checkbox', { name: 'Set as default' }).click();
    await dialog.getByRole('button', { name: 'Save' }).click();
  }

  async addAddress(name, address) {
    await go(this.page, `${this.url}/account`);
    await this.page.getByRole('button', { name: 'Add new address' }).first().click();
    const dialog = this.page.getByRole('dialog');
    await dialog.locator('#field-full_name').fill(name);
    await dialog.locator('#field-telephone').fill('+1 555 0100');
    await dialog.locator('#field-city').fill('San Francisco');
    await this.choose('country', 'United States');
    await this.choose('province', 'California');
    await dialog.locator('#field-postcode').fill('94103');
    await this.fillAddress(address);
    await toast(this.page, 'Address has been saved successfully!');
    this.stage.sent(/^POST \/api\/customers\/me\/addresses 201$/);
  }

  async openAddress(street) {
    const item = this.page.locator('[data-slot=item]').filter({ hasText: street });
    await item.getByRole('button', { name: 'Edit' }).first().click();
    await this.page.getByRole('dialog').locator('#field-address_1').waitFor();
  }

  async changeAddress(street, changes) {
    await this.openAddress(street);
    await this.fillAddress(changes);
    await toast(this.page, 'Address has been updated successfully!');
    this.stage.sent(/^PATCH \/api\/customers\/me\/addresses\/[-0-9a-f]+ 200$/);
  }

  async deleteAddress(street) {
    await this.openAddress(street);
    await this.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await this.stage.until('the address is deleted', async () => !(await this.addresses()).includes(street));
  }

  async changeProfile({ name, email }) {
    await go(this.page, `${this.url}/account`);
    await this.page.locator('.account-info-section').getByRole('button', { name: 'Edit' }).click();
    const form = this.page.locator('#accountInfoForm');
    if (name) await form.locator('#field-full_name').fill(name);
    if (email) await form.locator('#field-email').fill(email);
    await form.getByRole('button', { name: 'Save' }).click();
    await toast(this.page, 'Your profile has been updated');
    this.stage.sent(/^PATCH \/api\/customers\/me 200$/);
  }

  /** Requests a link for a new password, from the login page. */
  async forgetPassword(email) {
    await go(this.page, `${this.url}/account/login`);
    await this.page.getByRole('link', { name: 'Forgot your password?' }).click();
    await this.stage.until('the page of patron', () => this.page.url().endsWith('/account/reset-password'));
    await this.page.locator('#email').fill(email);
    await this.page.getByRole('button', { name: 'Send a new link' }).click();
    await this.page.getByRole('heading', { name: 'Check your email' }).waitFor();
    this.stage.sent(/^POST \/api\/customers\/reset-password 200$/);
  }

  async setPassword(link, password) {
    await this.page.goto(link);
    await this.page.locator('#password').fill(password);
    await this.page.getByRole('button', { name: 'Save new password' }).click();
    await this.page.getByRole('heading', { name: 'Your password is changed' }).waitFor();
    this.stage.sent(/^POST \/api\/customers\/password 200$/);
    await this.page.getByRole('link', { name: 'Continue to the shop' }).waitFor();
  }
}
