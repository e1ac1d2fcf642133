import { Close } from './icons.jsx';

/** Below the bar: what went wrong, else what is worth knowing here. One at a time: the editors need the room. */
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
            <strong>Introspection is off on this server:</strong> there is no documentation here, no completion and no
            query builder. <code>PATRON_INTROSPECTION=on</code> allows them.
          </p>
        </div>
      )}
      <p className="unseen" role="status">
        {session ? `Signed in as ${session.email}` : 'Not signed in'}
      </p>
    </>
  );
}
