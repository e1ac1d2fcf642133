import { useState } from 'react';
import { useAction } from '../../api/action';
import { useGroups } from '../../api/groups';
import { call, newKey, rest, writeHeaders } from '../../api/rest';
import { Button } from '../../components/button';
import { FailureView } from '../../components/failure-view';
import { Field, Select, TextInput } from '../../components/field';
import { randomPassword } from '../../components/random-password';
import { navigate, useUnsavedGuard } from '../../router';
import { Page } from '../../shell/page';
import { useShortcut } from '../../shell/shortcuts';
import { toast } from '../../shell/toasts';
import './customer.css';
import { PasswordInput } from './password-input';
import { focusProblem } from './use-editor';

const EMPTY = { fullName: '', email: '', groupId: '1', password: '', mode: 'mail' as 'mail' | 'set' };
type Draft = typeof EMPTY;

/** Creates a customer. Without a password, a link to choose one is mailed. */
export default function NewCustomerPage() {
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const [problems, setProblems] = useState<Partial<Record<keyof Draft, string>>>({});
  const groups = useGroups();
  const create = useCreation((names) => setProblems({ ...problems, ...names }));
  const change = (parts: Partial<Draft>) => {
    setDraft({ ...draft, ...parts });
    setProblems(Object.fromEntries(Object.entries(problems).filter(([key]) => !(key in parts))));
    if (create.failure) create.reset();
  };
  const submit = () => {
    const found = check(draft);
    setProblems(found);
    if (Object.keys(found).length) focusProblem();
    else create.run(draft);
  };
  useUnsavedGuard((draft.fullName !== '' || draft.email !== '') && !create.result);
  useShortcut('mod+s', 'Create the customer', submit);
  const isShown = create.failure && !Object.keys(problems).length;
  return (
    <Page title="New customer" back={{ to: '/customers', label: 'Customers' }}>
      <form
        className="customer-form customer-new stack"
        aria-label="New customer"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {isShown && <FailureView failure={create.failure!} />}
        <section className="card">
          <div className="card-body">
            <Field label="Name" error={problems.fullName}>
              <TextInput value={draft.fullName} autoFocus autoComplete="off" onChange={({ target }) => change({ fullName: target.value })} />
            </Field>
            <Field label="E-mail address" error={problems.email} hint="A link to verify it is mailed to this address.">
              <TextInput
                value={draft.email}
                inputMode="email"
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                onChange={({ target }) => change({ email: target.value })}
              />
            </Field>
            <Field label="Group" error={problems.groupId}>
              <Select
                value={draft.groupId}
                choices={(groups ?? []).map((group) => ({ value: String(group.customerGroupId), label: group.groupName }))}
                onChange={({ target }) => change({ groupId: target.value })}
              />
            </Field>
            <fieldset className="field">
              <legend className="field-label">Password</legend>
              {MODES.map(({ mode, label }) => (
                <label key={mode} className="customer-default">
                  <input type="radio" name="mode" checked={draft.mode === mode} onChange={() => change({ mode })} />
                  {label}
                </label>
              ))}
            </fieldset>
            {draft.mode === 'set' && (
              <PasswordInput
                username={draft.email}
                value={draft.password}
                error={problems.password}
                onChange={(password) => change({ password })}
              />
            )}
          </div>
        </section>
        <div className="row">
          <Button type="submit" kind="primary" isPending={create.isPending}>
            Create customer
          </Button>
          <Button onClick={() => void navigate('/customers')}>Cancel</Button>
          {create.isPaused && <span className="soft">Waiting for the network…</span>}
        </div>
      </form>
    </Page>
  );
}

const MODES = [
  { mode: 'mail', label: 'Mail a link with which the customer chooses one' },
  { mode: 'set', label: 'Set one now' },
] as const;

function check({ fullName, email, password, mode }: Draft) {
  const problems: Partial<Record<keyof Draft, string>> = {};
  if (!fullName.trim()) problems.fullName = 'Name is required';
  if (!email.trim()) problems.email = 'E-mail address is required';
  else if (!/^\S+@\S+$/.test(email.trim())) problems.email = 'The e-mail address must be complete, such as user@example.com';
  if (mode === 'set' && [...password].length < 8) problems.password = 'The password must have at least 8 characters';
  return problems;
}

const NAMES = { full_name: 'fullName', email: 'email', group_id: 'groupId', password: 'password' } as const;

/** Creates the customer, then mails the link if no password was set, and opens the page of the customer. */
function useCreation(onProblems: (problems: Partial<Record<keyof Draft, string>>) => void) {
  // It is never shown. It stays the same, so that a repeated request is the same.
  const [unknown] = useState(randomPassword);
  return useAction({
    run: (draft: Draft, { key }) => {
      const body = {
        full_name: draft.fullName.trim(),
        email: draft.email.trim(),
        group_id: Number(draft.groupId),
        password: draft.mode === 'set' ? draft.password : unknown,
      };
      return call(rest.POST('/api/customers', { body, headers: writeHeaders(key) }));
    },
    success: 'Customer created',
    onSuccess: ({ uuid }, { mode }) => {
      void navigate(`/customers/edit/${uuid}`, { force: true, replace: true });
      if (mode === 'mail') void mailLink(uuid);
    },
    onFailure: (failure) => {
      const found = failure.details.flatMap(({ field, message }) =>
        field in NAMES ? [[NAMES[field as keyof typeof NAMES], message] as const] : [],
      );
      if (failure.code === 'email_taken') found.push(['email', 'Another customer has this e-mail address']);
      onProblems(Object.fromEntries(found));
      if (found.length) focusProblem();
      return true;
    },
  });
}

async function mailLink(uuid: string) {
  try {
    const params = { path: { uuid } };
    await call(rest.POST('/api/customers/{uuid}/reset-password', { params, headers: writeHeaders(newKey()) }));
    toast.success('A link to choose a password is being mailed');
  } catch (error) {
    toast.failure(error, { label: 'Try again', run: () => void mailLink(uuid) });
  }
}
