import { type FormEvent, useState } from 'react';
import { useAction } from '../../api/action';
import { call, rest, writeHeaders } from '../../api/rest';
import { accept } from '../../api/session';
import { Button } from '../../components/button';
import { Field } from '../../components/field';
import { FormFailure } from '../../components/form-failure';
import { PasswordInput } from '../../components/password-input';
import { useUnsavedGuard } from '../../router';
import type { Account } from './queries';
import { Section } from './section';

const EMPTY = { current_password: '', password: '' };

/** Changes one's own password. The session continues with the tokens of the response. */
export function PasswordCard({ account: { email } }: { account: Account }) {
  const [form, setForm] = useState(EMPTY);
  const [problem, setProblem] = useState<Partial<typeof EMPTY>>({});
  const action = useAction({
    // The previous tokens are invalid now, so the new ones are used before anything is loaded again.
    run: async (body: typeof EMPTY, { key }) =>
      accept(await call(rest.POST('/api/user/me/password', { body, headers: writeHeaders(key) }))),
    success: 'The password is changed. Your other sessions have ended',
    onSuccess: () => setForm(EMPTY),
    onFailure: () => true,
  });
  useUnsavedGuard(Boolean(form.password));
  const set = (values: Partial<typeof EMPTY>) => {
    setForm({ ...form, ...values });
    setProblem({});
    if (action.failure) action.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const missing = {
      current_password: form.current_password ? undefined : 'Enter the password that you use now.',
      password: [...form.password].length < 8 ? 'The new password must have at least 8 characters.' : undefined,
    };
    setProblem(missing);
    if (!missing.current_password && !missing.password) action.run(form);
  };
  const error = (name: keyof typeof EMPTY) => problem[name] ?? action.failure?.field(name);
  return (
    <Section
      id="account-password"
      title="Password"
      description="A change ends your sessions in other browsers, and a mail tells you about it."
    >
      <form className="card card-body" onSubmit={submit} noValidate>
        <FormFailure failure={action.failure} shows={Object.keys(EMPTY)} />
        <div className="account-fields">
          {/* For password managers. */}
          <input type="text" name="email" autoComplete="username" value={email} readOnly hidden />
          <Field label="Current password" error={error('current_password')}>
            <PasswordInput
              autoComplete="current-password"
              value={form.current_password}
              onChange={({ target }) => set({ current_password: target.value })}
            />
          </Field>
          <Field label="New password" error={error('password')} hint="At least 8 characters, and none of the common passwords.">
            <PasswordInput autoComplete="new-password" value={form.password} onChange={({ target }) => set({ password: target.value })} />
          </Field>
        </div>
        <div className="row">
          <Button type="submit" isPending={action.isPending}>
            {action.isPaused ? 'Waiting for the network…' : 'Change the password'}
          </Button>
        </div>
      </form>
    </Section>
  );
}
