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
import { AuthorizationInPane, EmptyAnswers, FollowSystemTheme, WrapLines } from './graphiql-parts.jsx';
import { Notices } from './notices.jsx';
import { PRELOADED } from './preloaded-tabs.js';
import { explain } from './problems.js';
import { getSession, signIn, subscribe, subscribeToEnd } from './session.js';
import { SignIn } from './sign-in.jsx';
import { openStorage } from './storage.js';
import { systemTheme, useTheme } from './theme.js';
import { TopBar } from './top-bar.jsx';

const storage = openStorage();
const PLUGINS = [HISTORY_PLUGIN, { ...explorerPlugin(), title: 'Query builder' }];
const ON_PHONE = matchMedia('(max-width: 640px)').matches; // as in style.css

function Playground({ server }) {
  const session = useSyncExternalStore(subscribe, getSession);
  const [theme, setTheme] = useTheme(storage);
  const [problem, setProblem] = useState(null);
  // What the panel opens with: {kind, again}; again: the form, whoever is signed in.
  const [asked, setAsked] = useState(null);
  const editor = useRef(null);
  // GraphiQL loads the schema again whenever it is handed another fetcher.
  const fetcher = useMemo(() => fetcherFor(setProblem), []);
  const close = useCallback(() => setAsked(null), []);

  useEffect(
    () =>
      subscribeToEnd((kind) =>
        setProblem({
          title: 'Signed out',
          text: 'Your sign-in could not be renewed: it has come to its end, or was ended elsewhere. Sign in again to go on.',
          signIn: kind,
        }),
      ),
    [],
  );
  // What went wrong before is over once somebody is signed in, but not what ended a sign-in.
  useEffect(() => {
    if (session) setProblem(null);
  }, [session?.since]);

  const signInToDemo = async () => {
    const { email, password } = server.demo;
    try {
      await signIn('customer', email, password);
      // Where Ctrl-Enter runs the query.
      editor.current?.focus();
    } catch (failure) {
      setProblem(explain(failure, 'signIn', 'customer'));
    }
  };

  return (
    <>
      <TopBar
        session={session}
        onAccount={() => setAsked({ kind: session?.kind ?? 'customer' })}
        theme={theme}
        onTheme={setTheme}
      />
      <Notices
        server={server}
        session={session}
        problem={problem}
        onDismiss={() => setProblem(null)}
        onSignIn={(kind) => setAsked({ kind, again: true })}
        onDemo={signInToDemo}
      />
      <main>
        <GraphiQL
          fetcher={fetcher}
          introspectionQueryName={SCHEMA_QUERY}
          // null: there is no use in asking.
          schema={server.introspection ? undefined : null}
          storage={storage}
          plugins={PLUGINS}
          defaultTabs={PRELOADED}
          defaultEditorToolsVisibility={ON_PHONE ? false : 'variables'}
          forcedTheme={theme === systemTheme() ? 'system' : theme}
          isHeadersEditorEnabled
          shouldPersistHeaders={false}
        >
          <GraphiQL.Logo>{null}</GraphiQL.Logo>
          <AuthorizationInPane session={session} />
          <EmptyAnswers whenever={session?.since} />
          <FollowSystemTheme />
          <WrapLines editorRef={editor} />
        </GraphiQL>
      </main>
      <SignIn asked={asked} session={session} demo={server.demo} onClose={close} />
    </>
  );
}

/** What the page can't know by itself; where that fails the page says so soon enough. */
async function askServer() {
  try {
    const response = await fetch('/playground/server.json', { credentials: 'omit' });
    if (response.ok) return await response.json();
  } catch {
    // No answer.
  }
  return { introspection: true };
}

const root = createRoot(document.getElementById('root'));
askServer().then((server) => root.render(<Playground server={server} />));
