// What has no setting in GraphiQL: components without looks, inside it for its state.
import { useEffect } from 'react';
import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { applyEdits, modify, parse } from 'jsonc-parser';
import { isOurs } from './session.js';
import { onSystemTheme } from './theme.js';

const FORMAT = { formattingOptions: { tabSize: 2, insertSpaces: true, eol: '\n' } };

/** Shows the token of whoever is signed in where headers are seen, in each tab that is opened. */
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

/** The headers with this token; what somebody typed there stays. */
function withToken(text, token) {
  const headers = parse(text) ?? {};
  if (typeof headers !== 'object') return text; // in the middle of being typed
  const name = Object.keys(headers).find((name) => name.toLowerCase() === 'authorization');
  if (name && !isOurs(headers[name])) return text;
  if (!name && !token) return text;
  const value = token ? `Bearer ${token}` : undefined;
  const next = applyEdits(text, modify(text, [name ?? 'Authorization'], value, FORMAT));
  return next.replace(/\s/g, '') === '{}' ? '' : next;
}

/** Answers that somebody else was given must not stay, in this tab or in others. */
export function EmptyAnswers({ whenever }) {
  const { responseEditor, tabs } = useGraphiQL(pick('responseEditor', 'tabs'));
  useEffect(() => {
    responseEditor?.setValue('');
    // GraphiQL has an action for the open tab only; what it keeps of the others is shown when they are opened.
    for (const tab of tabs) tab.response = null;
  }, [whenever]);
  return null;
}

/** GraphiQL asks the system once; the editor would stay dark in a page that turned light. */
export function FollowSystemTheme() {
  const { setTheme } = useGraphiQLActions();
  const { theme } = useGraphiQL(pick('theme'));
  useEffect(() => (theme ? undefined : onSystemTheme(() => setTheme(null))), [theme]);
  return null;
}

/** The comments on top are cut off otherwise. Lends the editor to the page as well. */
export function WrapLines({ editorRef }) {
  const editor = useGraphiQL((state) => state.queryEditor);
  useEffect(() => {
    editorRef.current = editor;
    editor?.updateOptions({ wordWrap: 'on' });
  }, [editor]);
  return null;
}
