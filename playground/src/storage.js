import { PRELOADED } from './preloaded-tabs.js';

// Other GraphiQLs on the same host and port (development machines!) use the bare
// "graphiql:" keys; ours are kept apart from theirs.
const PREFIX = 'patron-playground:';
const TABS = 'graphiql:tabState';
const WITH_HEADERS = [TABS, 'graphiql:queries', 'graphiql:favorites'];
const HEADERS = 'graphiql:headers';
const SEEN = 'preloaded';

/**
 * The storage GraphiQL gets: localStorage under our prefix, without headers.
 *
 * GraphiQL leaves headers out of stored tabs when asked to, but its history
 * stores them regardless, and with them the token. Hence none passes here, whatever
 * GraphiQL means to do. Null where the browser refuses storage: everything works then,
 * and nothing is remembered.
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
  const storage = {
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
  bringInNewTabs(storage);
  return storage;
}

/** null, and not left out: tabs without the key are no tabs to GraphiQL, which then starts from the default ones. */
function withoutHeaders(json) {
  return JSON.stringify(
    JSON.parse(json, (key, value) => (key === 'headers' ? null : value)),
  );
}

const contentOf = ({ query, variables }) =>
  JSON.stringify([query ?? '', variables || '']);

/**
 * Stored tabs win over the default ones in GraphiQL, so a returning visitor would
 * never see the queries of a newer patron. When the files of queries/ are not the
 * ones this browser saw last: preloaded tabs nobody touched are replaced by the
 * current files, in their order; what was edited or written here stays, behind
 * them; and a preloaded tab that was closed stays closed until its file changes.
 */
function bringInNewTabs(storage) {
  const current = JSON.stringify(PRELOADED.map(contentOf));
  const seen = storage.getItem(SEEN);
  if (seen === current) return;
  try {
    const stored = storage.getItem(TABS);
    if (stored) {
      const { tabs } = JSON.parse(stored);
      const known = new Set(JSON.parse(seen ?? '[]'));
      const preloaded = new Set(PRELOADED.map(contentOf));
      const open = new Set(tabs.map(contentOf));

      const kept = tabs.filter(
        (tab) => !known.has(contentOf(tab)) && !preloaded.has(contentOf(tab)),
      );
      const shown = PRELOADED.filter(
        (tab) => !known.has(contentOf(tab)) || open.has(contentOf(tab)),
      );
      const merged = [...shown.map(asStoredTab), ...kept];
      storage.setItem(
        TABS,
        JSON.stringify({ activeTabIndex: 0, tabs: merged }),
      );
      // GraphiQL finds the active tab by these two; left as they were it would
      // append a copy of what was open last.
      storage.setItem('graphiql:query', merged[0].query ?? '');
      storage.setItem('graphiql:variables', merged[0].variables ?? '');
    }
    storage.setItem(SEEN, current);
  } catch {
    // Unreadable or full. Starting from the preloaded tabs beats not starting.
    storage.removeItem(TABS);
    storage.removeItem(SEEN);
  }
}

function asStoredTab({ query, variables }) {
  const name = /^query\s+(\w+)/m.exec(query)?.[1] ?? null;
  return {
    id: crypto.getRandomValues(new Uint32Array(4)).join('-'),
    hash: null,
    title: name ?? '<untitled>',
    query,
    variables,
    headers: null,
    operationName: name,
    response: null,
  };
}
