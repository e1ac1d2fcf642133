import { Close } from './icons.jsx';

/** The notice below the bar: a problem, or information about the server. Only one is shown, to leave space for the editors. */
export function Notices({ server, session, problem, onDismiss, onSignIn, onDemo }) {
  return (
    <>
      <div className="notices" role="alert">
        {problem && (
          <div className="notice problem">
            <p>
              <strong>{problem.title}.</strong> {problem.text}
            </p>
            {problem.signIn && (
              <button type="button" className="action" onClick={() => onSignIn(problem.signIn)}>
                Sign in as {problem.signIn === 'admin' ? 'an admin' : 'a customer'}
              </button>
            )}
            {problem.reference && server.reference && (
              <a className="action" href="/api/docs">
                Open the REST reference
              </a>
            )}
            <button type="button" className="icon-button" aria-label="Dismiss" onClick={onDismiss}>
              <Close />
            </button>
          </div>
        )}
      </div>
      {!problem && server.demo && !session && (
        <div className="notice">
          <p>
            <strong>This is a demo:</strong> 1 000 made-up customers, gone when it stops.
          </p>
          <button type="button" className="action" onClick={onDemo}>
            Sign in as {server.demo.email.split('@')[0]}
          </button>
          <button type="button" className="action quiet" onClick={() => onSignIn('admin')}>
            As admin…
          </button>
        </div>
      )}
      {!problem && !server.introspection && (
        <div className="notice">
          <p>
            <strong>Introspection is disabled on this server:</strong> documentation, completion and the query builder are
            not available. <code>PATRON_INTROSPECTION=on</code> enables them.
          </p>
        </div>
      )}
      <p className="unseen" role="status">
        {session ? `Signed in as ${session.email}` : 'Not signed in'}
      </p>
    </>
  );
}
