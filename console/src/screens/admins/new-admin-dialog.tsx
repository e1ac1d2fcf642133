import { useState } from 'react';
import { useAction } from '../../api/action';
import type { Failure } from '../../api/failure';
import { call, rest, writeHeaders } from '../../api/rest';
import { Button } from '../../components/button';
import { Dialog, DialogButtons } from '../../components/dialog';
import { Field, TextInput } from '../../components/field';
import { FormFailure } from '../../components/form-failure';
import { OneTimeSecret } from '../../components/one-time-secret';
import { PasswordInput } from '../../components/password-input';
import { randomPassword } from '../../components/random-password';
import { useUnsavedGuard } from '../../router';

const emailProblem = (failure: Failure | null) =>
  failure?.code === 'email_taken' ? 'Another admin has this e-mail address.' : failure?.field('email');

/** Adds an admin, and shows the first password again, to hand it over. */
export function NewAdminDialog({ onClose }: { onClose: () => void }) {
  const [form, setForm] = useState(() => ({ email: '', full_name: '', password: randomPassword() }));
  const set = (values: Partial<typeof form>) => setForm((before) => ({ ...before, ...values }));
  const create = useAction({
    run: (body: typeof form, { key }) => call(rest.POST('/api/users', { body, headers: writeHeaders(key) })),
    onFailure: () => true,
  });
  const { failure, result } = create;
  useUnsavedGuard(!result && Boolean(form.email || form.full_name));
  if (result) return <HandOver name={form.full_name} email={form.email} password={form.password} onClose={onClose} />;
  return (
    <Dialog
      open
      title="New admin"
      onClose={onClose}
      onSubmit={() => create.run({ ...form, email: form.email.trim() })}
      footer={<DialogButtons action="Create" onCancel={onClose} isPending={create.isPending} isPaused={create.isPaused} />}
    >
      {!emailProblem(failure) && <FormFailure failure={failure} shows={['full_name', 'password']} />}
      <p className="prose">An admin can see and change everything here, other admins as well.</p>
      <Field label="Name" error={failure?.field('full_name')}>
        <TextInput data-first maxLength={255} autoComplete="off" value={form.full_name} onChange={({ target }) => set({ full_name: target.value })} />
      </Field>
      <Field label="E-mail address" error={emailProblem(failure)} hint="To sign in with. It can’t be changed later.">
        <TextInput
          inputMode="email"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={320}
          value={form.email}
          onChange={({ target }) => set({ email: target.value })}
        />
      </Field>
      <Field label="First password" error={failure?.field('password')} hint="At least 8 characters, and none of the common passwords. The admin can change it after the first sign-in.">
        <PasswordInput isVisible autoComplete="new-password" value={form.password} onChange={({ target }) => set({ password: target.value })} />
      </Field>
      <div className="row">
        <Button small onClick={() => set({ password: randomPassword() })}>
          Generate another
        </Button>
      </div>
    </Dialog>
  );
}

function HandOver({ name, email, password, onClose }: { name: string; email: string; password: string; onClose: () => void }) {
  return (
    <Dialog
      open
      title="The admin is created"
      footer={
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <p className="prose">
        Give <bdi className="typed">{name}</bdi> the password in a safe way, not by the same mail as the address. It is shown only now.
      </p>
      <dl className="facts">
        <div>
          <dt>Sign in at</dt>
          <dd>{location.origin}/admin</dd>
        </div>
        <div>
          <dt>E-mail address</dt>
          <dd>{email}</dd>
        </div>
      </dl>
      <OneTimeSecret label="Password" text={password} />
      <p className="field-hint">After the first sign-in: change the password and set up a second factor, both in “Own account”.</p>
    </Dialog>
  );
}
