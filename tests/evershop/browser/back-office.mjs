// What an admin does in the back office of EverShop.
import { go, ready, toast } from './storefront.mjs';

export class BackOffice {
  constructor(stage, page) {
    Object.assign(this, { stage, page, url: stage.settings.url });
  }

  async logIn(email, password) {
    await go(this.page, `${this.url}/admin/login`);
    await this.page.locator('#field-email').fill(email);
    await this.page.locator('#field-password').fill(password);
    await this.page.getByRole('button', { name: 'Sign In' }).click();
    await this.page.waitForURL(/\/admin\/?$/);
    await this.page.getByRole('button', { name: 'Account menu' }).waitFor();
  }

  async showsGrid(customers) {
    await go(this.page, `${this.url}/admin/customers`);
    for (const { name, email } of customers) {
      await this.row(email).getByRole('link', { name, exact: true }).waitFor();
    }
  }

  row(email) {
    return this.page.getByRole('row').filter({ hasText: email });
  }

  async openCustomer({ name, email }) {
    await go(this.page, `${this.url}/admin/customers`);
    await this.row(email).getByRole('link', { name, exact: true }).click();
    await this.page.waitForURL(/\/admin\/customers\/edit\//);
    await ready(this.page);
    await this.page.getByText(email).first().waitFor();
  }

  async defineField(name, key) {
    await this.page.getByRole('button', { name: 'Add field' }).click();
    const dialog = this.page.getByRole('dialog');
    await dialog.locator('#field-name').fill(name);
    await dialog.locator('#field-fieldKey').fill(key);
    await dialog.getByRole('button', { name: 'Save field' }).click();
    await toast(this.page, 'Custom field created');
    await this.page.getByTestId(`mf-row-${key}`).waitFor();
  }

  /** Sets a custom field of the customer whose page is open. */
  async setField(key, value) {
    const row = this.page.getByTestId(`mf-row-${key}`);
    await this.page.getByTestId(`mf-preview-${key}`).click();
    await row.locator('input').fill(value);
    await this.page.getByTestId(`mf-done-${key}`).click();
    await this.page.getByRole('button', { name: 'Save custom fields' }).click();
    await toast(this.page, 'Custom fields saved');
    this.stage.sent(/^PATCH \/api\/customers\/[-0-9a-f]+\/metafields 200$/);
  }

  async showsField(key, text) {
    await this.page.reload();
    await ready(this.page);
    await this.page.getByTestId(`mf-preview-${key}`).getByText(text, { exact: true }).waitFor();
  }

  /** Disables or enables a customer in the grid. */
  async setStatus({ email }, action) {
    await go(this.page, `${this.url}/admin/customers`);
    await this.row(email).getByRole('checkbox').click();
    await this.page.getByRole('button', { name: action, exact: true }).click();
    // The dialog of EverShop is hidden from assistive technology, so a role does not find it.
    await this.page.locator('.modal-wrapper').getByText(action, { exact: true }).click();
    await this.stage.until('patron has changed the customer', () => this.stage.answered.some((line) => line.startsWith('PATCH')));
    this.stage.sent(/^PATCH \/api\/customers\/[-0-9a-f]+ 200$/);
    await ready(this.page);
  }

  async logOut() {
    await this.page.getByRole('button', { name: 'Account menu' }).click();
    await this.page.getByRole('menuitem', { name: 'Logout' }).click();
    await this.page.waitForURL(/\/admin\/login/);
  }
}
