// Plays the console of a running server in Chromium: kit.mjs explains how to run it.
import { readArguments, run } from './kit.mjs';
import { consolePlay } from './console/play.mjs';

/** The files of the parts in `console`, in their order. A part has the name of its file, such as `newCustomer` of `new-customer`. */
const CUSTOMERS = ['entrance', 'list', 'filters', 'views', 'bulk', 'exports', 'new-customer', 'keyboard', 'names', 'phone', 'leave'];
const CUSTOMER = ['customer-form', 'customer-conflicts', 'customer-keyboard', 'customer-actions', 'interruptions'];
const OTHERS = ['groups', 'fields', 'mails', 'webhooks', 'edit-conflicts', 'admins', 'own-account', 'step-up', 'long-values'];
const PARTS = [...CUSTOMERS, ...CUSTOMER, ...OTHERS];

const settings = readArguments();
const names = settings.only?.split(',') ?? (settings.smoke ? ['smoke'] : PARTS);
await run(settings, async (play) => {
  await consolePlay(play);
  for (const name of names) {
    console.log(name);
    const part = await import(`./console/${name}.mjs`);
    await part[name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase())](play);
  }
});
