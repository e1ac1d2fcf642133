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

// The query builder shows a list as an empty text, and a list of objects not at all. src/list-argument.jsx shows both.
const withLists = {
  name: 'with-lists',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('/graphiql-explorer/dist/Explorer.js')) return;
    const change = (before, after, count) => {
      if (code.split(before).length !== count + 1) this.error(`the query builder has changed: ${before}`);
      code = code.replaceAll(before, after);
    };
    change("'use strict';", `'use strict';\nvar _lists = require(${JSON.stringify(source('list-argument.jsx'))});`, 1);
    // Where an argument or an input field is added.
    const added = "if (!argSelection) {\n        console.error('Unable to add arg for argType', argType);";
    change(added, `argSelection = _lists.withList(arg, argSelection);\n      ${added}`, 2);
    // Where its value is shown.
    const shown = "} else if ((0, _graphql.isScalarType)(argType)) {\n          if (argType.name === 'Boolean') {";
    const newFields =
      'newFields: function (type) { return defaultInputObjectFields(_this6.props.getDefaultScalarArgValue, ' +
      '_this6.props.makeDefaultArg, _this6.props.parentField, Object.values(type.getFields())); }';
    const list = `input = React.createElement(_lists.ListArgument, _extends({}, this.props, { InputArgView: InputArgView, coerce: coerceArgValue, ${newFields} }));`;
    change(shown, `} else if (_lists.isList(arg)) {\n          ${list}\n        ${shown}`, 1);
    return code;
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
    withLists,
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
