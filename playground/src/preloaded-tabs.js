const texts = import.meta.glob('../queries/*.graphql', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const variables = import.meta.glob('../queries/*.variables.json', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** The tabs with the files of queries/, in the order of their numbers. */
export const PRELOADED = Object.keys(texts)
  .sort()
  .map((path) => ({
    query: texts[path].trim(),
    variables:
      variables[path.replace(/\.graphql$/, '.variables.json')]?.trim() ?? null,
  }));
