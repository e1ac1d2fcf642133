import { createContext, useContext } from 'react';
import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { EXAMPLES } from './examples.js';
import { List } from './icons.jsx';

/** What the panel needs from the page: {session, server, isPhone, onSignIn}. */
export const PageContext = createContext(null);

const GROUPS = [
  { caller: 'anyone', title: 'For anyone' },
  { caller: 'customer', title: 'As a customer' },
  { caller: 'admin', title: 'As an admin' },
];

/** The panel with the examples, by the kind of account that may run them. */
export const EXAMPLES_PLUGIN = { title: 'Examples', icon: List, content: Examples };

function Examples() {
  const { session, server, onSignIn } = useContext(PageContext);
  return (
    <section className="examples" aria-label="Examples">
      <h2>Examples</h2>
      {GROUPS.map(({ caller, title }) => (
        <section key={caller} aria-label={title}>
          <header>
            <h3>{title}</h3>
            {caller === 'anyone' ? null : caller === session?.kind ? (
              <span className="signed-in-mark">signed in</span>
            ) : (
              <button type="button" className="link" onClick={() => onSignIn(caller)}>
                Sign in
              </button>
            )}
          </header>
          <ul>
            {EXAMPLES.filter((example) => example.caller === caller).map((example) => (
              <Example key={example.name} example={example} />
            ))}
          </ul>
        </section>
      ))}
      <aside>
        <p>
          <strong>Changes use the REST API.</strong> GraphQL only reads.{' '}
          {server.reference ? (
            <a href="/api/docs">Open the REST reference</a>
          ) : (
            <a href="/api/openapi.json">Open the OpenAPI document</a>
          )}
        </p>
        <p>
          <strong>Keyboard.</strong> <kbd>Enter</kbd> enters an editor, <kbd>Tab</kbd> leaves it. After{' '}
          <kbd>{TOGGLE}</kbd>, <kbd>Tab</kbd> indents.
        </p>
      </aside>
    </section>
  );
}

const TOGGLE = /Mac|iP(hone|ad)/.test(navigator.platform) ? 'Ctrl-Shift-M' : 'Ctrl-M';

function Example({ example }) {
  const { isPhone } = useContext(PageContext);
  const { tabs, activeTabIndex, queryEditor, variableEditor } = useGraphiQL(
    pick('tabs', 'activeTabIndex', 'queryEditor', 'variableEditor'),
  );
  const { addTab, changeTab, setVisiblePlugin, updateActiveTabValues } = useGraphiQLActions();

  /** Opens the example in its tab, or in a new one if it is not open or was edited. */
  const open = () => {
    const index = tabs.findIndex((tab) => tab.query === example.query);
    if (index >= 0) {
      if (index !== activeTabIndex) changeTab(index);
    } else {
      // An empty tab is used.
      if (queryEditor.getValue().trim()) addTab();
      const { name, query, variables } = example;
      updateActiveTabValues({ query, variables: variables ?? '', operationName: name });
      queryEditor.setValue(query);
      variableEditor?.setValue(variables ?? '');
    }
    // On a phone, the panel covers the editors.
    if (isPhone) setVisiblePlugin(null);
  };
  return (
    <li>
      <button type="button" aria-current={tabs[activeTabIndex]?.query === example.query || undefined} onClick={open}>
        <strong>{example.title}</strong>
        <span>{example.about}</span>
      </button>
    </li>
  );
}
