import { type FormEvent, useId, useRef, useState } from 'react';
import { asFailure, type Failure } from '../api/failure';
import { signIn } from '../api/session';
import { Button } from '../components/button';
import { Field, TextInput } from '../components/field';

type Credentials = { email: string; password: string };

/** Asks for e-mail address and password, then for a code if the account has a second factor. `email`: only of this account. */
export function SignInForm({ email: fixed }: { email?: string }) {
  const [credentials, setCredentials] = useState<Credentials>({ email: fixed ?? '', password: '' });
  const [isCode, setCode] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [isPending, setPending] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const problem = useId();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isPending) return;
    // Read from the form, because password managers may fill it without an event.
    const data = new FormData(form.current!);
    const value = (name: string) => String(data.get(name) ?? '');
    const next = isCode ? credentials : { email: value('email').trim(), password: value('password') };
    const code = isCode ? value('code').trim() : undefined;
    const missing = (['email', 'password', 'code'] as const).find((name) => !{ ...next, code: code ?? ' ' }[name]);
    if (missing) return form.current!.querySelector<HTMLInputElement>(`[name=${missing}]`)?.focus();
    setCredentials(next);
    setPending(true);
    setFailure(null);
    try {
      await signIn(next.email, next.password, code);
    } catch (error) {
      const reason = asFailure(error);
      setPending(false);
      if (reason.code === 'second_factor_required') return setCode(true);
      setFailure(reason);
      if (reason.status === 401 && reason.code !== 'second_factor_invalid') setCode(false);
      setTimeout(() => form.current?.querySelector<HTMLInputElement>('[name=code], [name=password]')?.select());
    }
  };

  return (
    <form ref={form} className="stack" onSubmit={submit} aria-describedby={failure ? problem : undefined} noValidate>
      <div id={problem} role="alert" className="sign-in-problem">
        {failure && <Problem failure={failure} what={fixed ? 'password' : 'e-mail address or the password'} />}
      </div>
      {isCode ? <CodeField /> : <PasswordFields initial={credentials} isFixed={Boolean(fixed)} />}
      <Button type="submit" kind="primary" className="block" isPending={isPending}>
        {isPending ? 'Signing in…' : isCode ? 'Verify' : 'Sign in'}
      </Button>
      {isCode && (
        <Button
          kind="plain"
          className="block"
          onClick={() => {
            setCode(false);
            setFailure(null);
          }}
        >
          Back
        </Button>
      )}
    </form>
  );
}

function PasswordFields({ initial, isFixed }: { initial: Credentials; isFixed: boolean }) {
  return (
    <>
      {isFixed ? (
        <p className="sign-in-as">
          {/* For password managers. */}
          <input type="text" name="email" autoComplete="username" defaultValue={initial.email} readOnly hidden />
          <bdi>{initial.email}</bdi>
        </p>
      ) : (
        <Field label="E-mail address">
          <TextInput
            name="email"
            // Not of the type email: browsers reject admin@localhost.
            inputMode="email"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            defaultValue={initial.email}
            autoFocus={!initial.email}
          />
        </Field>
      )}
      <Field label="Password">
        <TextInput
          name="password"
          type="password"
          autoComplete="current-password"
          defaultValue={initial.password}
          autoFocus={Boolean(initial.email)}
          data-first
        />
      </Field>
    </>
  );
}

function CodeField() {
  return (
    <Field
      label="Code of your second factor"
      hint="The six digits in your authenticator app, or one of your recovery codes."
    >
      <TextInput
        name="code"
        className="code-input"
        autoComplete="one-time-code"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={16}
        autoFocus
      />
    </Field>
  );
}

function Problem({ failure, what }: { failure: Failure; what: string }) {
  const text =
    failure.code === 'second_factor_invalid'
      ? 'The code is wrong, or was used before. Wait for the next one, or use a recovery code.'
      : failure.status === 401
        ? `The ${what} is wrong, or the account is disabled. Wait a few seconds before the next try.`
        : failure.code === 'rate_limited'
          ? `Too many attempts. Try again ${failure.retryAfter ? `in ${failure.retryAfter} seconds` : 'later'}.`
          : failure.message;
  return (
    <div className="notice bad">
      <div className="notice-text">
        <p>{text}</p>
        {failure.status !== 401 && failure.requestId && (
          <p className="soft">
            Request <code>{failure.requestId}</code>
          </p>
        )}
      </div>
    </div>
  );
}
