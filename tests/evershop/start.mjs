// Serves the shop on a free port of 127.0.0.1. Without a build, it has no pages: a login over /customer/login writes its session and
// sets its cookie, but responds with 500. The API is complete.
//
// The processes for scheduled jobs and for queued events are not started: the events stay in the table `event`.
import http from 'node:http';

process.env.NODE_ENV = 'production';
// As EverShop's own start: the bootstrap scripts add to the configuration.
process.env.ALLOW_CONFIG_MUTATIONS = 'true';

const { load } = await import('./shop.mjs');
const { createApp } = await load('bin/lib/app.js');
const { loadBootstrapScript } = await load('bin/lib/bootstrap/bootstrap.js');
const { getCoreModules } = await load('bin/lib/loadModules.js');
const { provisionActiveThemeMetafields } = await load('lib/theme/provisionOnBoot.js');

const app = createApp();
for (const module of getCoreModules()) {
  await loadBootstrapScript(module, { command: 'start', env: 'production', process: 'main' });
}
await provisionActiveThemeMetafields();
const server = http.createServer(app);
// The test ends the process; a connection that breaks must not.
process.on('unhandledRejection', (reason) => console.error('unhandled rejection:', reason));
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
