import { PRELOADED } from './preloaded-tabs.js';

// A prefix for patron: another GraphiQL on the same host and port, common on development machines, uses the bare
// "graphiql:" keys.
const PREFIX = 'patron-playground:';
const TABS = 'graphiql:tabState';
const WITH_HEADERS = [TABS, 'graphiql:queries', 'graphiql:favorites'];
const HEADERS = 'graphiql:headers';
const SEEN = 'preloaded';

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

/** Headers are set to null, not removed: GraphiQL ignores stored tabs without the key and opens the default tabs. */
function withoutHeaders(json) {
  return JSON.stringify(
    JSON.parse(json, (key, value) => (key === 'headers' ? null : value)),
  );
}

const contentOf = ({ query, variables }) =>
  JSON.stringify([query ?? '', variables || '']);

/**
 * Updates the preloaded tabs when the files in queries/ have changed since this browser stored them. GraphiQL prefers
 * stored tabs to the default ones, so a returning visitor would never see new queries.
 *
 * Unmodified preloaded tabs are replaced by the current files, in their order. Tabs that the user edited or wrote stay,
 * behind them. A preloaded tab that the user closed stays closed until its file changes.
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

      const edited = tabs.filter(
        (tab) => !known.has(contentOf(tab)) && !preloaded.has(contentOf(tab)),
      );
      const updated = PRELOADED.filter(
        (tab) => !known.has(contentOf(tab)) || open.has(contentOf(tab)),
      );
      const merged = [...updated.map(asStoredTab), ...edited];
      storage.setItem(
        TABS,
        JSON.stringify({ activeTabIndex: 0, tabs: merged }),
      );
      // GraphiQL finds the active tab by these two keys. With their old values it would append a copy of the tab that was
      // open last.
      storage.setItem('graphiql:query', merged[0].query ?? '');
      storage.setItem('graphiql:variables', merged[0].variables ?? '');
    }
    storage.setItem(SEEN, current);
  } catch {
    // The storage is unreadable or full. Start with the preloaded tabs.
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
