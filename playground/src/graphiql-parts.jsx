// Components for behaviour that GraphiQL has no settings for. They render nothing; they are inside GraphiQL to use its state.
import { useEffect } from 'react';
import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { applyEdits, modify, parse } from 'jsonc-parser';
import { isOurs } from './session.js';
import { onSystemTheme } from './theme.js';

const FORMAT = { formattingOptions: { tabSize: 2, insertSpaces: true, eol: '\n' } };

/** Shows the token of the signed-in account in the Headers pane of each opened tab. */
export function AuthorizationInPane({ session }) {
  const editor = useGraphiQL((state) => state.headerEditor);
  const tab = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id);
  const token = session?.accessToken;
  useEffect(() => {
    if (!editor) return;
    const text = editor.getValue();
    const next = withToken(text, token);
    if (next !== text) editor.setValue(next);
  }, [editor, tab, token]);
  return null;
}

/** Returns the headers with this token. An Authorization header that the user typed is kept. */
function withToken(text, token) {
  const headers = parse(text) ?? {};
  if (typeof headers !== 'object') return text; // the user is still typing
  const name = Object.keys(headers).find((name) => name.toLowerCase() === 'authorization');
  if (name && !isOurs(headers[name])) return text;
  if (!name && !token) return text;
  const value = token ? `Bearer ${token}` : undefined;
  const next = applyEdits(text, modify(text, [name ?? 'Authorization'], value, FORMAT));
  return next.replace(/\s/g, '') === '{}' ? '' : next;
}

/** Clears the responses of all tabs when `trigger` changes, so that one account does not see responses of another. */
export function ClearResponses({ trigger }) {
  const { responseEditor, tabs } = useGraphiQL(pick('responseEditor', 'tabs'));
  useEffect(() => {
    responseEditor?.setValue('');
    // GraphiQL has an action for the open tab only. It would show the stored responses of other tabs when they are opened.
    for (const tab of tabs) tab.response = null;
  }, [trigger]);
  return null;
}

/** Follows changes of the system theme. GraphiQL reads it only once, so the editor would keep the old theme. */
export function FollowSystemTheme() {
  const { setTheme } = useGraphiQLActions();
  const { theme } = useGraphiQL(pick('theme'));
  useEffect(() => (theme ? undefined : onSystemTheme(() => setTheme(null))), [theme]);
  return null;
}

/** Scrolls the tab bar to the active tab. GraphiQL leaves a new tab out of sight if the bar is full. */
export function ShowActiveTab() {
  const { tabs, activeTabIndex } = useGraphiQL(pick('tabs', 'activeTabIndex'));
  useEffect(() => {
    document.querySelector('.graphiql-tab-active')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [tabs.length, activeTabIndex]);
  return null;
}

/** The editors by their names in GraphiQL, with the names that screen readers announce. */
const EDITORS = { queryEditor: 'Query', variableEditor: 'Variables', headerEditor: 'Headers', responseEditor: 'Response' };

/** Names the editors and wraps the lines of the query, so that the comments of the examples are not cut off. Also passes
 * the query editor to the page. */
export function EditorOptions({ editorRef }) {
  const editors = useGraphiQL(pick(...Object.keys(EDITORS)));
  useEffect(() => {
    for (const [key, ariaLabel] of Object.entries(EDITORS)) {
      const editor = editors[key];
      editor?.updateOptions({ ariaLabel, fontSize: 14, wordWrap: key === 'queryEditor' ? 'on' : 'off' });
      // Tab stops at this element, and Enter enters the editor.
      const frame = editor?.getContainerDomNode();
      frame?.setAttribute('role', 'group');
      frame?.setAttribute('aria-label', ariaLabel);
    }
    editorRef.current = editors.queryEditor;
  }, Object.values(editors));
  return null;
}
