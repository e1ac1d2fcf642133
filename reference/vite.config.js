import { defineConfig } from 'vite';
import { licences } from '../playground/licences.js';

const { ofPage } = licences('The API reference');

export default defineConfig({
  base: '/api/docs/',
  plugins: [ofPage],
  server: { proxy: { '/api': 'http://127.0.0.1:3000' } },
  build: {
    // Everything is a file of its own: nothing to allow in the page's policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      output: {
        // A hundred icons that a document may name would be a hundred files.
        codeSplitting: { groups: [{ name: 'icons', test: /\.svg/ }] },
      },
    },
  },
});
