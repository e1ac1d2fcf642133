import { endpointOf } from './endpoints.js';
import mark from './favicon.svg';
import { Moon, Person, Sun } from './icons.jsx';

export function TopBar({ server, session, onAccount, theme, onTheme }) {
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <header className="bar">
      <h1>
        <img src={mark} alt="" width="22" height="22" />
        <span>patron</span>
      </h1>
      <code className="endpoint" title="The endpoint of queries. It depends on the signed-in account">
        POST {endpointOf(session)}
      </code>
      <span className="space" />
      <button
        type="button"
        className={session ? 'account signed-in' : 'account'}
        aria-haspopup="dialog"
        onClick={onAccount}
      >
        <Person />
        {session ? (
          <>
            <span className="email">{session.email}</span>
            <span className="until">
              {session.kind}, until {clock(session.expiresAt)}
            </span>
          </>
        ) : (
          'Sign in'
        )}
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label={`Switch to ${other}`}
        title={`Switch to ${other}`}
        onClick={() => onTheme(other)}
      >
        {theme === 'dark' ? <Sun /> : <Moon />}
      </button>
      {server.reference && <a href="/api/docs">REST API</a>}
      {server.console && (
        <a className="console" href="/admin">
          Console
        </a>
      )}
    </header>
  );
}

/** Formats a timestamp as the local time of day. */
export const clock = (timestamp) =>
  new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' }).format(timestamp);
