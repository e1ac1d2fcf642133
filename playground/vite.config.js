import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { licences } from './licences.js';

const source = (name) => fileURLToPath(new URL(`src/${name}`, import.meta.url));

const { ofPage, ofWorkers } = licences('The playground');

// monaco.js has no "format document" command, so nothing ever asks a worker for it.
// "Prettify" is GraphiQL's own and runs in the page.
const withoutPrettier = {
  name: 'without-prettier',
  enforce: 'pre',
  load(id) {
    if (id.includes('/node_modules/prettier/')) return 'export {}';
  },
};

export default defineConfig({
  base: '/playground/',
  plugins: [
    replace({
      'monaco-graphql/esm/monaco-editor.js': source('monaco.js'),
      'prettier/plugins/babel.js': source('prettier-jsonc.js'),
      'prettier/plugins/estree.mjs': source('prettier-jsonc.js'),
    }),
    ofPage,
  ],
  worker: {
    format: 'es',
    rolldownOptions: { output: { codeSplitting: false } },
    plugins: () => [
      withoutPrettier,
      ofWorkers,
    ],
  },
  server: {
    proxy: {
      '/api': 'http://127.0.0.1:3000',
      '/playground/server.json': 'http://127.0.0.1:3000',
    },
  },
  build: {
    // Everything is a file of its own: nothing to allow in the page's policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The editor is this large; a warning at each build would hide real ones.
    chunkSizeWarningLimit: 2500,
    rolldownOptions: {
      // "use client" and the like: meant for servers that render React.
      checks: { moduleLevelDirective: false },
    },
  },
});

/**
 * Loads files of ours in place of files inside packages. An entry that no longer
 * matches anything fails the build, because the bundle would grow in silence.
 */
function replace(files) {
  const missing = new Set(Object.keys(files));
  return {
    name: 'replace',
    enforce: 'pre',
    load(id) {
      for (const [ending, ours] of Object.entries(files)) {
        if (!id.endsWith(`/node_modules/${ending}`)) continue;
        missing.delete(ending);
        return `export * from ${JSON.stringify(ours)}`;
      }
    },
    buildEnd(error) {
      if (!error && missing.size) {
        this.error(`nothing imports ${[...missing].join(', ')} any more`);
      }
    },
  };
}
