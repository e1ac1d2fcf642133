// Stands in for prettier's JavaScript plugins (see vite.config.js), which are half a
// megabyte and which GraphiQL loads for one thing: to tidy the JSON of the Variables
// and Headers panes. jsonc-parser, bundled anyway, does that as well.
import { applyEdits, format } from 'jsonc-parser';

export const parsers = {
  jsonc: {
    parse: (text) => ({ text }),
    astFormat: 'jsonc-text',
    locStart: () => 0,
    locEnd: ({ text }) => text.length,
  },
};

export const printers = {
  'jsonc-text': {
    print: ({ node: { text } }) =>
      applyEdits(
        text,
        format(text, undefined, { tabSize: 2, insertSpaces: true, eol: '\n' }),
      ),
  },
};
