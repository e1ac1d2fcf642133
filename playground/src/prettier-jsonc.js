// Replaces prettier's JavaScript plugins (see vite.config.js). They have half a megabyte, and GraphiQL uses them only to
// format the JSON of the Variables and Headers panes. jsonc-parser, which is bundled anyway, can do that as well.
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
