import { defineConfig } from 'vite';
import { licences } from '../playground/licences.js';

const { ofPage } = licences('The console');

// The patron that the development server forwards API requests to.
const api = process.env.PATRON ?? 'http://127.0.0.1:3000';
const proxy = { '/api': { target: api, changeOrigin: false } };

export default defineConfig({
  base: '/admin/',
  plugins: [ofPage],
  server: { proxy },
  preview: {
    proxy,
    // The policy of src/web/console.rs, so that a violation shows up before the binary is built.
    headers: {
      'Content-Security-Policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    },
  },
  build: {
    // light-dark(), nesting and popover are used as they are.
    target: ['chrome125', 'firefox128', 'safari17.5'],
    // Every asset is a separate file, so the policy of the page need not allow inline data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // Directives such as "use client" are for servers that render React.
      checks: { moduleLevelDirective: false },
    },
  },
});
