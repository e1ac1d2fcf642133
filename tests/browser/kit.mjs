// What the browser tests have in common: Chromium that reaches only this machine, the collection of what must not happen, steps,
// screenshots, and waits that end.
//
//   node playground.mjs --url URL --password ADMIN_PASSWORD --mails FOLDER --screenshots FOLDER --modules FOLDER --chromium FILE
//   node console.mjs    the same; --smoke plays the short run, --only NAME,NAME plays these parts, --timeout SECONDS of one wait
//
// `modules` is the folder whose node_modules has the packages of package.json. The exit code is 1 after a failure.
//
// A part is a file with `export async function NAME(play)`. `play` has:
//   url, password, mails, screenshots   as given; `admin` is { email, password } of the first admin
//   page                                a page of Chromium, 1280×800, light
//   open({ phone, dark, javaScript })   another page in a context of its own (no shared session); close it with close(page)
//   step(name, run)                     runs a step; afterwards nothing may be collected: no policy violation, no request to another
//                                       host, no error or warning on the console, no exception
//   expectFailures(regex, run)          tolerates the console messages that match while it runs, such as those of Chromium about
//                                       error responses: expectFailures(/status of (401|412)/, run). One has to occur
//   shot(name, page?)                   a screenshot, NAME.png
//   until(what, test)                   waits until `test` (it may be asynchronous) returns something true, and returns that
//   eventually(what, read, expected)    waits until `read()` deeply equals `expected`, and shows the last value if it never does
//   mailTo(email, regex, known?)        waits for a mail to this address with a match that is none of the known; returns the match
//   pause(ms)                           only for times that the server itself counts, such as the one after a wrong password
// console/play.mjs adds what is particular to the console.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual, parseArgs } from 'node:util';

export const DESK = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

const TEXTS = ['url', 'password', 'mails', 'screenshots', 'modules', 'chromium', 'only', 'timeout'];

/** The arguments of the program. */
export function readArguments() {
  const options = Object.fromEntries(TEXTS.map((name) => [name, { type: 'string' }]));
  const { values } = parseArgs({ options: { ...options, smoke: { type: 'boolean' } } });
  for (const name of TEXTS.slice(0, 6)) assert.ok(values[name], `--${name} is missing`);
  // A wait is long, since the machine may be slow and busy.
  return { ...values, timeout: Number(values.timeout ?? 60) * 1000 };
}

/** Loads a package of the folder `modules`. */
export const load = (settings, name) => createRequire(path.join(settings.modules, 'x.js'))(name);

/** Starts Chromium, plays, and ends Chromium. A failure is printed with a screenshot of each page. */
export async function run(settings, playAll) {
  const browser = await load(settings, 'playwright-core').chromium.launch({
    executablePath: settings.chromium,
    chromiumSandbox: false,
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      // Only this machine can be reached.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  });
  const stage = new Stage(settings, browser);
  try {
    const page = await stage.open();
    await playAll({ ...settings, admin: { email: 'admin@localhost', password: settings.password }, page, ...stage.tools() });
  } catch (error) {
    await stage.report(error);
    process.exitCode = 1;
  } finally {
    console.log(`screenshots are in ${settings.screenshots}`);
    await browser.close();
  }
}

class Stage {
  /** What must not happen, of all pages since the start. */
  violations = [];
  /** The console messages that the current step provokes, and how many of them there were. */
  expected = null;
  provoked = 0;
  constructor(settings, browser) {
    Object.assign(this, { settings, browser });
  }

  tools() {
    const names = ['open', 'close', 'step', 'expectFailures', 'shot', 'until', 'eventually', 'mailTo'];
    return { pause, ...Object.fromEntries(names.map((name) => [name, this[name].bind(this)])) };
  }

  async open({ phone = false, dark = false, javaScript = true } = {}) {
    const context = await this.browser.newContext({
      viewport: phone ? PHONE : DESK,
      isMobile: phone,
      hasTouch: phone,
      colorScheme: dark ? 'dark' : 'light',
      javaScriptEnabled: javaScript,
      // Colours that are still changing have another contrast.
      reducedMotion: 'reduce',
      locale: 'en-GB',
      timezoneId: 'UTC',
    });
    context.setDefaultTimeout(this.settings.timeout);
    this.watch(context);
    return context.newPage();
  }
  pages() {
    return this.browser.contexts().flatMap((context) => context.pages());
  }
  close(page) {
    return page.context().close();
  }

  watch(context) {
    context.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (!['data:', 'blob:'].includes(protocol) && origin !== this.settings.url) {
        this.violations.push(`a request to ${request.url()}`);
      }
    });
    // Chromium reports violations of the policy as errors on the console.
    context.on('console', (message) => {
      if (!['error', 'warning', 'assert'].includes(message.type())) return;
      if (this.expected?.test(message.text())) this.provoked++;
      else this.violations.push(`on the console: ${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (error) => this.violations.push(`an exception: ${error.error().stack}`));
  }

  async step(name, play) {
    const start = Date.now();
    await play();
    console.log(`- ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
    assert.deepEqual(this.violations, [], name);
  }
  async expectFailures(expected, play) {
    Object.assign(this, { expected, provoked: 0 });
    const result = await play();
    await this.until(`a message on the console that matches ${expected}`, () => this.provoked > 0);
    // The messages of the last response arrive before the answer of the page.
    for (const page of this.pages()) await page.evaluate(() => 0);
    this.expected = null;
    return result;
  }

  shot(name, page = this.browser.contexts()[0].pages()[0]) {
    return page.screenshot({ path: path.join(this.settings.screenshots, `${name}.png`), animations: 'disabled' });
  }
  async report(error) {
    const pages = this.pages();
    for (const [at, page] of pages.entries()) await this.shot(`failed-${at}`, page).catch(() => {});
    console.error(error);
    for (const page of pages) console.error(`a page was at ${page.url()}`);
    for (const violation of this.violations) console.error(violation);
  }

  async until(what, test) {
    for (const end = Date.now() + this.settings.timeout; Date.now() < end; await pause(50)) {
      const result = await test();
      if (result) return result;
    }
    throw new Error(`this did not happen in time: ${what}`);
  }
  async eventually(what, read, expected) {
    let value;
    const equal = async () => isDeepStrictEqual((value = await read()), expected);
    await this.until(what, equal).catch(() => assert.deepEqual(value, expected, what));
  }

  mailTo(email, expression, known = []) {
    const folder = this.settings.mails;
    return this.until(`a mail to ${email} with ${expression}`, () => {
      for (const file of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
        // Quoted-printable: lines are broken, and = is =3D.
        const text = fs.readFileSync(path.join(folder, file), 'utf8').replace(/=\r?\n/g, '').replaceAll('=3D', '=');
        const match = text.includes(email) && text.match(expression)?.[0];
        if (match && !known.includes(match)) return match;
      }
      return null;
    });
  }
}
