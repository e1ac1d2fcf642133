// Chromium on the pages of EverShop, behind a proxy that has patron as the front door. It watches that no request fails, and that
// patron answers those that are its own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { load } from '../../browser/kit.mjs';

/** The paths that the proxy sends to patron: docs/front-door.md. */
const PATRON = new RegExp(
  '^/(api/(customers(/|$)|customer/|user/tokens?(/|$))|customer/log(in|out)|account/(reset-password|verify-email|account[.]|shop[.]css|logo$))',
);

export class Stage {
  /** What must not have happened, of all pages since the last step. */
  violations = [];
  /** The requests to patron, as `METHOD path status`. */
  answered = [];
  /** Responses that the current step provokes: an expression of `METHOD path status`. */
  expected = null;
  steps = 0;

  constructor(settings, browser) {
    Object.assign(this, { settings, browser });
  }

  static async open(settings) {
    const browser = await load(settings, 'playwright-core').chromium.launch({
      executablePath: settings.chromium,
      chromiumSandbox: false,
      args: ['--disable-gpu', '--disable-background-networking', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
    });
    return new Stage(settings, browser);
  }

  /** A page in a separate context, so that it shares no cookies. */
  async page() {
    const viewport = { width: 1280, height: 900 };
    const context = await this.browser.newContext({ viewport, locale: 'en-GB', reducedMotion: 'reduce' });
    context.setDefaultTimeout(this.settings.timeout);
    context.on('response', (response) => this.judge(response));
    context.on('weberror', (error) => this.violations.push(`an exception: ${error.error().stack}`));
    return context.newPage();
  }

  judge(response) {
    const request = response.request();
    const { origin, pathname } = new URL(response.url());
    if (origin !== this.settings.url) return;
    const line = `${request.method()} ${pathname} ${response.status()}`;
    if (PATRON.test(pathname)) {
      // EverShop has no such header.
      if (response.headers()['x-request-id']) this.answered.push(line);
      else this.violations.push(`not answered by patron: ${line}`);
    }
    if (response.status() >= 400 && !this.expected?.test(line)) this.violations.push(`a request failed: ${line}`);
  }

  /** Runs a step, and takes a screenshot of the page. */
  async step(page, name, play, expected = null) {
    const number = String(++this.steps).padStart(2, '0');
    this.expected = expected;
    const failure = await play().then(() => null, (error) => error);
    const file = path.join(this.settings.screenshots, `${number}-${name.replaceAll(/\W+/g, '-')}.png`);
    await page.screenshot({ path: file, animations: 'disabled' }).catch(() => {});
    const problems = [failure?.stack ?? [], this.violations.splice(0)].flat();
    console.log(`${problems.length ? 'FAIL' : 'pass'} ${number} ${name}`);
    if (problems.length) throw new Error([...problems, `the page was at ${page.url()}`].join('\n'));
  }

  async until(what, test) {
    for (const end = Date.now() + this.settings.timeout; Date.now() < end; await pause(50)) {
      const result = await test();
      if (result) return result;
    }
    throw new Error(`this did not happen in time: ${what}`);
  }

  /** Waits for a mail of patron to this address with a match, and returns the match. */
  mailTo(email, expression) {
    const folder = this.settings.mails;
    return this.until(`a mail to ${email} with ${expression}`, () => {
      for (const file of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
        // Quoted-printable: lines are broken, and = is =3D.
        const text = fs.readFileSync(path.join(folder, file), 'utf8').replace(/=\r?\n/g, '').replaceAll('=3D', '=');
        const match = text.includes(`To: ${email}`) && text.match(expression)?.[0];
        if (match) return match;
      }
      return null;
    });
  }

  /** Proves that the step sent this to patron. */
  sent(expression) {
    const at = this.answered.findIndex((line) => expression.test(line));
    assert.ok(at >= 0, `${expression} was not sent; patron answered ${this.answered.join(', ') || 'nothing'}`);
    this.answered.splice(0, at + 1);
  }
}
