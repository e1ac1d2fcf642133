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

/** The kinds of callers by the beginnings of the names of operations, in the order of the list. */
const CALLERS = { '': 'anyone', My: 'customer', Admin: 'admin' };

/** The files of queries/, in the order of their numbers: {name, title, caller, about, query, variables}. */
export const EXAMPLES = Object.keys(texts)
  .sort()
  .map((path) => {
    const query = texts[path].trim();
    const name = /^query\s+(\w+)/m.exec(query)[1];
    const prefix = /^(My|Admin)(?=[A-Z])/.exec(name)?.[0] ?? '';
    return {
      name,
      title: words(prefix === 'Admin' ? name.slice(prefix.length) : name),
      caller: CALLERS[prefix],
      about: firstSentence(query),
      query,
      variables: variables[path.replace(/\.graphql$/, '.variables.json')]?.trim() ?? null,
    };
  });

/** The words of a name in PascalCase: "My account". */
function words(name) {
  const [first, ...rest] = name.split(/(?=[A-Z])/);
  return [first, ...rest.map((word) => word.toLowerCase())].join(' ');
}

/** The first sentence of the comment that a query begins with. */
function firstSentence(query) {
  const comment = /^(#.*\n)+/.exec(query)[0].replaceAll(/^# ?/gm, '').split('\n\n')[0];
  return comment.replaceAll('\n', ' ').trim().replace(/([.;]) .*$/, '$1').replace(/[.;]$/, '');
}
