// Plays the playground, the REST reference and the account pages of a running `patron demo` in Chromium: kit.mjs explains how to run it.
import { readArguments, run } from './kit.mjs';
import { playgroundPlay } from './playground/play.mjs';

/** The files of the parts in `playground`, in their order. A part has the name of its file. */
const PARTS = ['customer', 'admin', 'reload', 'failures', 'reference', 'phone', 'account-pages', 'refresh'];

const settings = readArguments();
await run(settings, async (play) => {
  playgroundPlay(play);
  for (const name of settings.only?.split(',') ?? PARTS) {
    console.log(name);
    const part = await import(`./playground/${name}.mjs`);
    await part[name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase())](play);
  }
});
