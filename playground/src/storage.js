// A prefix for patron: another GraphiQL on the same host and port, common on development machines, uses the bare
// "graphiql:" keys.
const PREFIX = 'patron-playground:';
const TABS = 'graphiql:tabState';
const WITH_HEADERS = [TABS, 'graphiql:queries', 'graphiql:favorites'];
const HEADERS = 'graphiql:headers';

/**
 * The storage for GraphiQL: localStorage under our prefix, without headers.
 *
 * A setting keeps headers out of GraphiQL's stored tabs, but its history stores them regardless, including the token.
 * This storage therefore removes all headers. Returns null if the browser denies storage: the page works, but stores
 * nothing.
 */
export function openStorage() {
  let local;
  try {
    local = window.localStorage;
    local.getItem(PREFIX);
  } catch {
    return null;
  }
  const ours = () =>
    Object.keys(local).filter((key) => key.startsWith(PREFIX));
  return {
    getItem: (key) => local.getItem(PREFIX + key),
    setItem: (key, value) => {
      if (key === HEADERS) return;
      local.setItem(
        PREFIX + key,
        WITH_HEADERS.includes(key) ? withoutHeaders(value) : value,
      );
    },
    removeItem: (key) => local.removeItem(PREFIX + key),
    clear: () => ours().forEach((key) => local.removeItem(key)),
    get length() {
      return ours().length;
    },
  };
}

/** Headers are set to null, not removed: GraphiQL ignores stored tabs without the key and opens the default tabs. */
function withoutHeaders(json) {
  return JSON.stringify(
    JSON.parse(json, (key, value) => (key === 'headers' ? null : value)),
  );
}
