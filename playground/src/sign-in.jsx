import { useEffect, useId, useRef, useState } from 'react';
import { Close } from './icons.jsx';
import { explain } from './problems.js';
import { signIn, signOut } from './session.js';
import { clock } from './top-bar.jsx';

const KINDS = { customer: 'Customer', admin: 'Admin' };

/** The panel of the account button: the signed-in account, or the sign-in form. */
export function SignIn({ panel, session, demo, onClose }) {
  const dialog = useRef(null);
  const title = useId();
  useEffect(() => {
    if (!panel) return dialog.current.close();
    dialog.current.showModal();
    // By default the focus would be on the close button, which comes first.
    dialog.current.querySelector('[data-first]').focus();
  }, [panel]);
  return (
    <dialog
      ref={dialog}
      className="panel"
      aria-labelledby={title}
      onClose={onClose}
      // A click whose target is the dialog itself is on its backdrop.
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      {panel && (
        <div className="panel-body">
          <button type="button" className="icon-button close" aria-label="Close" onClick={onClose}>
            <Close />
          </button>
          {session && !panel.again ? (
            <Account title={title} session={session} demo={demo} onClose={onClose} />
          ) : (
            <Form title={title} initialKind={panel.kind} demo={demo} onClose={onClose} />
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
    // The page forgets the tokens in any case. A token that could not be revoked expires.
    await signOut().catch(() => {});
  };
  const copy = async () => {
    await navigator.clipboard.writeText(session.accessToken);
    setCopied(true);
  };
  if (another) return <Form title={title} initialKind={session.kind} demo={demo} onClose={onClose} />;
  return (
    <>
      <h2 id={title}>{session.email}</h2>
      <p>
        Signed in as {session.kind === 'admin' ? 'an admin' : 'a customer'}. The token expires at{' '}
        {clock(session.expiresAt)}. It is renewed automatically while this page is open.
      </p>
      <p className="hint">
        The token is sent with every query and shown in the Headers pane. It is stored in memory only: a reload forgets it.
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

function Form({ title, initialKind, demo, onClose }) {
  const [kind, setKind] = useState(initialKind);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const [needsCode, setNeedsCode] = useState(false);
  const form = useRef(null);
  const problemId = useId();

  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    const { email, password, code } = form.current.elements;
    setBusy(true);
    setProblem(null);
    try {
      await signIn(kind, email.value.trim(), password.value, code?.value.trim());
      onClose();
    } catch (failure) {
      setProblem(explain(failure, 'signIn', kind));
      setBusy(false);
      const isAboutCode = failure.code?.startsWith('second_factor_') ?? false;
      setNeedsCode(isAboutCode);
      if (!isAboutCode) password.focus();
      else code?.select();
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
                setNeedsCode(false);
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
          // Not of the type email: browsers reject admin@localhost.
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
      {needsCode && (
        <label>
          Code
          {/* It appears after the password was accepted, and is the next thing to fill in. */}
          <input name="code" autoComplete="one-time-code" autoCapitalize="none" spellCheck="false" autoFocus required />
        </label>
      )}
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
          <code>POST /api/customers</code> registers a customer.
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
        The demo’s admin is <code>admin@localhost</code>. Only the terminal of <code>patron demo</code> shows its password.
      </>
    );
  }
  return (
    <>
      The first start prints the first admin’s password. <code>patron admin password EMAIL</code> sets a new one.
    </>
  );
}
