import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './style.css';
import './workers.js';
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { explorerPlugin } from '@graphiql/plugin-explorer';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { GraphiQL } from 'graphiql';
import { fetcherFor, SCHEMA_QUERY } from './endpoints.js';
import { EXAMPLES } from './examples.js';
import { EXAMPLES_PLUGIN, PageContext } from './examples-panel.jsx';
import { AuthorizationInPane, ClearResponses, EditorOptions, FollowSystemTheme, ShowActiveTab } from './graphiql-parts.jsx';
import { Notices } from './notices.jsx';
import { explain } from './problems.js';
import { getSession, signIn, subscribe, subscribeToEnd } from './session.js';
import { SignIn } from './sign-in.jsx';
import { openStorage } from './storage.js';
import { systemTheme, useTheme } from './theme.js';
import { TopBar } from './top-bar.jsx';

const storage = openStorage();
const BUILDER = 'Query builder';
const PLUGINS = [EXAMPLES_PLUGIN, HISTORY_PLUGIN, { ...explorerPlugin({ title: BUILDER }), title: BUILDER }];
const ON_PHONE = matchMedia('(max-width: 640px)').matches; // as in style.css
/** The key of the panel that was open last. GraphiQL does not store that all panels are closed. */
const PANEL = 'panel';
/** The width of the panels in relation to the editors, until the user changes it. */
const WIDTH = 'graphiql:docExplorerFlex';
if (storage && !storage.getItem(WIDTH)) storage.setItem(WIDTH, '0.26');
const FIRST_PANEL = ON_PHONE ? null : (storage?.getItem(PANEL) ?? EXAMPLES_PLUGIN.title);

function Playground({ server }) {
  const session = useSyncExternalStore(subscribe, getSession);
  const [theme, setTheme] = useTheme(storage);
  const [problem, setProblem] = useState(null);
  // The open panel: {kind, again}, or null. With `again` it shows the form even if an account is signed in.
  const [panel, setPanel] = useState(null);
  const editor = useRef(null);
  // GraphiQL loads the schema again when the fetcher changes.
  const fetcher = useMemo(() => fetcherFor(setProblem), []);
  const close = useCallback(() => setPanel(null), []);
  const onSignIn = useCallback((kind) => setPanel({ kind, again: true }), []);

  useEffect(
    () =>
      subscribeToEnd((kind) =>
        setProblem({
          title: 'Signed out',
          text: 'Your session could not be renewed: it has expired or was ended elsewhere. Sign in again to continue.',
          signIn: kind,
        }),
      ),
    [],
  );
  // A successful sign-in clears the problem. The end of a session does not.
  useEffect(() => {
    if (session) setProblem(null);
  }, [session?.since]);

  const signInToDemo = async () => {
    const { email, password } = server.demo;
    try {
      await signIn('customer', email, password);
      // In the editor, Ctrl-Enter runs the query.
      editor.current?.focus();
    } catch (failure) {
      setProblem(explain(failure, 'signIn', 'customer'));
    }
  };

  return (
    <>
      <TopBar
        server={server}
        session={session}
        onAccount={() => setPanel({ kind: session?.kind ?? 'customer' })}
        theme={theme}
        onTheme={setTheme}
      />
      <Notices
        server={server}
        session={session}
        problem={problem}
        onDismiss={() => setProblem(null)}
        onSignIn={onSignIn}
        onDemo={signInToDemo}
      />
      <main>
        <PageContext value={{ session, server, isPhone: ON_PHONE, onSignIn }}>
          <GraphiQL
            fetcher={fetcher}
            introspectionQueryName={SCHEMA_QUERY}
            // null: introspection is disabled, so GraphiQL does not request the schema.
            schema={server.introspection ? undefined : null}
            storage={storage}
            plugins={PLUGINS}
            visiblePlugin={FIRST_PANEL}
            onTogglePluginVisibility={(plugin) => storage?.setItem(PANEL, plugin?.title ?? '')}
            defaultTabs={EXAMPLES.slice(0, 1)}
            defaultEditorToolsVisibility={ON_PHONE ? false : 'variables'}
            forcedTheme={theme === systemTheme() ? 'system' : theme}
            isHeadersEditorEnabled
            shouldPersistHeaders={false}
          >
            <GraphiQL.Logo>{null}</GraphiQL.Logo>
            <AuthorizationInPane session={session} />
            <ClearResponses trigger={session?.since} />
            <FollowSystemTheme />
            <ShowActiveTab />
            <EditorOptions editorRef={editor} />
          </GraphiQL>
        </PageContext>
      </main>
      <SignIn panel={panel} session={session} demo={server.demo} onClose={close} />
    </>
  );
}

/** Loads information about the server. If that fails, the first query reports the problem. */
async function loadServerInfo() {
  try {
    const response = await fetch('/playground/server.json', { credentials: 'omit' });
    if (response.ok) return await response.json();
  } catch {
    // The server did not respond.
  }
  return { introspection: true, reference: true };
}

const root = createRoot(document.getElementById('root'));
loadServerInfo().then((server) => root.render(<Playground server={server} />));
