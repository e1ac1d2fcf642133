// Random mutations of a valid request, which may make it invalid. Each mutation changes the request in place and
// returns false when there is nothing that it can change.
import { Lexer, Source, TokenKind, parse, print } from 'graphql';
import { documentMutations } from './mutate-document.mjs';
import { valueMutations, variableMutations } from './mutate-values.mjs';

// Document mutations count twice: there are more of them, and they can nearly always be applied.
const groups = [valueMutations, variableMutations, documentMutations, documentMutations].map(Object.values);

/** Removes, repeats or replaces one character of the text. */
function mutateText(random, query) {
  const at = random.between(0, query.length - 1);
  const others = ['{', '}', '"', '$', '...', '@', ':', '!', '#', '0', ',', '\n', 'é'];
  const inserted = random.pick(['', '', ...others, query[at] + query[at]]);
  return query.slice(0, at) + inserted + query.slice(at + 1);
}

/** Removes, repeats or swaps one token. */
function mutateToken(random, query) {
  const lexer = new Lexer(new Source(query));
  const tokens = [];
  while (lexer.advance().kind !== TokenKind.EOF) tokens.push(query.slice(lexer.token.start, lexer.token.end));
  const at = random.between(0, tokens.length - 2);
  const [token, next] = tokens.slice(at, at + 2);
  tokens.splice(at, 2, ...random.pick([[next], [token], [token, token, next], [next, token]]));
  return tokens.join(' ');
}

/** Applies one or two mutations; returns {query, variables, operationName}. */
export function mutate(random, { document, variables, operationName }) {
  // A copy in which no node occurs twice.
  const copy = parse(print(document), { noLocation: true });
  const request = { document: copy, variables: { ...variables }, operationName };
  let remaining = random.chance(0.3) ? 2 : 1;
  for (let tries = 0; remaining > 0 && tries < 20; tries += 1) {
    if (random.pick(random.pick(groups))(random, request)) remaining -= 1;
  }
  const query = print(request.document);
  if (random.chance(0.06)) return { ...request, query: mutateText(random, query) };
  return { ...request, query: random.chance(0.2) ? mutateToken(random, query) : query };
}
