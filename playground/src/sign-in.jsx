import { useEffect, useId, useRef, useState } from 'react';
import { Close } from './icons.jsx';
import { explain } from './problems.js';
import { signIn, signOut } from './session.js';
import { clock } from './top-bar.jsx';

const KINDS = { customer: 'Customer', admin: 'Admin' };

/** The panel behind the account button: who is signed in, or the form to become it. */
export function SignIn({ asked, session, demo, onClose }) {
  const dialog = useRef(null);
  const title = useId();
  useEffect(() => {
    if (!asked) return dialog.current.close();
    dialog.current.showModal();
    // Not the button that closes it, which comes first.
    dialog.current.querySelector('[data-first]').focus();
  }, [asked]);
  return (
    <dialog
      ref={dialog}
      className="panel"
      aria-labelledby={title}
      onClose={onClose}
      // A click that lands on the dialog itself is one on its backdrop.
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      {asked && (
        <div className="panel-body">
          <button type="button" className="icon-button close" aria-label="Close" onClick={onClose}>
            <Close />
          </button>
          {session && !asked.again ? (
            <Account title={title} session={session} demo={demo} onClose={onClose} />
          ) : (
            <Form title={title} asked={asked.kind} demo={demo} onClose={onClose} />
          )}
        </div>
      )}
    </dialog>
  );
}

function Account({ title, session, demo, onClose }) {
  const [copied, setCopied] = useState(false);
  const [another, setAnother] = useState(false);
  const leave = async () => {
    onClose();
    // Forgotten here whatever the server says; a token that could not be revoked ends by itself.
    await signOut().catch(() => {});
  };
  const copy = async () => {
    await navigator.clipboard.writeText(session.accessToken);
    setCopied(true);
  };
  if (another) return <Form title={title} asked={session.kind} demo={demo} onClose={onClose} />;
  return (
    <>
      <h2 id={title}>{session.email}</h2>
      <p>
        Signed in as {session.kind === 'admin' ? 'an admin' : 'a customer'}. The token lasts until{' '}
        {clock(session.expiresAt)}, and is renewed by itself before that while this page is open.
      </p>
      <p className="hint">
        It is sent with every query and stands in the Headers pane. It is kept in memory only: a reload forgets it.
      </p>
      <div className="buttons">
        <button type="button" className="action" data-first onClick={leave}>
          Sign out
        </button>
        <button type="button" className="action quiet" onClick={() => setAnother(true)}>
          Another account
        </button>
        {navigator.clipboard && (
          <button type="button" className="action quiet" onClick={copy}>
            {copied ? 'Copied' : 'Copy token'}
          </button>
        )}
      </div>
    </>
  );
}

function Form({ title, asked, demo, onClose }) {
  const [kind, setKind] = useState(asked);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const form = useRef(null);
  const problemId = useId();

  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    const { email, password } = form.current.elements;
    setBusy(true);
    setProblem(null);
    try {
      await signIn(kind, email.value.trim(), password.value);
      onClose();
    } catch (failure) {
      setProblem(explain(failure, 'signIn', kind));
      setBusy(false);
      password.focus();
    }
  };
  const fill = () => {
    const { email, password } = form.current.elements;
    email.value = demo.email;
    password.value = demo.password;
    form.current.querySelector('[type=submit]').focus();
  };

  return (
    <form ref={form} onSubmit={submit} aria-describedby={problem ? problemId : undefined}>
      <h2 id={title}>Sign in</h2>
      <fieldset className="kinds">
        <legend className="unseen">Kind of account</legend>
        {Object.entries(KINDS).map(([value, name]) => (
          <label key={value}>
            <input
              type="radio"
              name="kind"
              value={value}
              checked={kind === value}
              onChange={() => {
                setKind(value);
                setProblem(null);
              }}
            />
            <span>{name}</span>
          </label>
        ))}
      </fieldset>
      <div id={problemId} role="alert">
        {problem && (
          <p className="panel-problem">
            <strong>{problem.title}.</strong> {problem.text}
          </p>
        )}
      </div>
      <label>
        E-mail address
        <input
          name="email"
          // Not of type email: admin@localhost is one that browsers don't know.
          type="text"
          inputMode="email"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck="false"
          data-first
          required
        />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
      <p className="hint">
        <Hint kind={kind} demo={demo} onFill={fill} />
      </p>
      <button type="submit" className="action wide" aria-disabled={busy}>
        {busy ? 'Signing in…' : `Sign in as ${kind === 'admin' ? 'an admin' : 'a customer'}`}
      </button>
    </form>
  );
}

function Hint({ kind, demo, onFill }) {
  if (kind === 'customer') {
    if (!demo) {
      return (
        <>
          <code>POST /api/customers</code> registers one.
        </>
      );
    }
    return (
      <button type="button" className="link" onClick={onFill}>
        Fill in the demo’s customer
      </button>
    );
  }
  if (demo) {
    return (
      <>
        The demo’s admin is <code>admin@localhost</code>; its password is printed where <code>patron demo</code> was
        started, and nowhere else.
      </>
    );
  }
  return (
    <>
      The first start prints the first admin’s password; <code>patron admin password EMAIL</code> sets another.
    </>
  );
}
