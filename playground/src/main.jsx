import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './style.css';
import './workers.js';
import { useEffect, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useGraphiQL } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import { fetcherFor, STOREFRONT } from './endpoints.js';
import { PRELOADED } from './preloaded-tabs.js';
import { openStorage } from './storage.js';
import { TopBar } from './top-bar.jsx';

const storage = openStorage();
const ON_PHONE = matchMedia('(max-width: 640px)').matches; // as in style.css

function Playground() {
  const [endpoint, setEndpoint] = useState(STOREFRONT);
  // One token an endpoint, so that a customer's is never sent to the back office.
  const [tokens, setTokens] = useState({});
  const token = tokens[endpoint.path] ?? '';
  // GraphiQL loads the schema again whenever it is handed another fetcher.
  const fetcher = useMemo(() => fetcherFor(endpoint, token), [endpoint, token]);

  return (
    <>
      <TopBar
        endpoint={endpoint}
        onEndpoint={setEndpoint}
        token={token}
        onToken={(text) =>
          setTokens({
            ...tokens,
            [endpoint.path]: text.trim().replace(/^Bearer\s+/i, ''),
          })
        }
      />
      <main>
        <GraphiQL
          fetcher={fetcher}
          storage={storage}
          defaultTabs={PRELOADED}
          defaultEditorToolsVisibility={ON_PHONE ? false : 'variables'}
          isHeadersEditorEnabled
          shouldPersistHeaders={false}
        >
          <GraphiQL.Logo>{null}</GraphiQL.Logo>
          <EmptyAnswer whenever={fetcher} />
          <WrapLines />
        </GraphiQL>
      </main>
    </>
  );
}

/** An answer that another endpoint or another token gave must not stay on screen. */
function EmptyAnswer({ whenever }) {
  const answer = useGraphiQL((state) => state.responseEditor);
  useEffect(() => answer?.setValue(''), [whenever]);
  return null;
}

/** GraphiQL has no setting for it, and the comments on top are cut off otherwise. */
function WrapLines() {
  const editor = useGraphiQL((state) => state.queryEditor);
  useEffect(() => editor?.updateOptions({ wordWrap: 'on' }), [editor]);
  return null;
}

createRoot(document.getElementById('root')).render(<Playground />);
