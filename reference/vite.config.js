import { defineConfig } from 'vite';
import { licences } from '../playground/licences.js';

const { ofPage } = licences('The API reference');

export default defineConfig({
  base: '/api/docs/',
  plugins: [ofPage],
  // The page also uses files of the playground.
  server: { proxy: { '/api': 'http://127.0.0.1:3000' }, fs: { allow: ['..'] } },
  build: {
    // Every asset is a separate file, so the policy of the page need not allow inline data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      output: {
        // One file for the hundred icons that a document can name.
        codeSplitting: { groups: [{ name: 'icons', test: /\.svg/ }] },
      },
    },
  },
});
