import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { licences } from './licences.js';

const source = (name) => fileURLToPath(new URL(`src/${name}`, import.meta.url));

const { ofPage, ofWorkers } = licences('The playground');

// monaco.js has no "format document" command, so the workers never use prettier.
// "Prettify" is a command of GraphiQL and runs in the page.
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
    // Every asset is a separate file, so the policy of the page need not allow inline data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The editor is this large. A warning at each build would hide real warnings.
    chunkSizeWarningLimit: 2500,
    rolldownOptions: {
      // Directives such as "use client" are for servers that render React.
      checks: { moduleLevelDirective: false },
    },
  },
});

/**
 * Replaces files of packages by our own files. An entry that matches nothing fails the
 * build; otherwise the bundle would grow unnoticed.
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
        this.error(`no file imports ${[...missing].join(', ')} any more`);
      }
    },
  };
}
