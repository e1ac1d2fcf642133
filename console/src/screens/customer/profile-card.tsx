import { useGroups } from '../../api/groups';
import { Field, Select, TextInput } from '../../components/field';
import type { ProfileProperty } from './form';
import { useEditor } from './use-editor';

/** Name, e-mail address, status and group. */
export function ProfileCard() {
  const { state, editor } = useEditor();
  const { form, base, problems } = state;
  const groups = useGroups();
  const change = (key: ProfileProperty) => (event: { target: { value: string } }) =>
    editor.change({ [key]: event.target.value }, key);
  const isChanged = (key: ProfileProperty) => form[key] !== base.form[key];

  const choices = (groups ?? []).map((group) => ({ value: String(group.customerGroupId), label: group.groupName }));
  const current = base.customer.group;
  if (!choices.some(({ value }) => value === form.groupId)) {
    const isCurrent = String(current?.customerGroupId ?? '') === form.groupId;
    const label = form.groupId === '' ? 'No group' : isCurrent ? current!.groupName : `Group ${form.groupId}`;
    choices.push({ value: form.groupId, label: groups && form.groupId && !isCurrent ? `${label} (deleted)` : label });
  }
  return (
    <section className="card" aria-labelledby="customer-profile">
      <header className="card-header">
        <h2 id="customer-profile">Profile</h2>
      </header>
      <div className="card-body customer-grid">
        <Field label="Name" error={problems.fullName}>
          <TextInput value={form.fullName} onChange={change('fullName')} autoComplete="off" />
        </Field>
        <Field
          label="E-mail address"
          error={problems.email}
          hint={
            isChanged('email') &&
            'The new address is not verified: a link to confirm it is mailed to it. The previous address is notified.'
          }
        >
          <TextInput
            value={form.email}
            onChange={change('email')}
            inputMode="email"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
          />
        </Field>
        <Field
          label="Status"
          error={problems.status}
          hint={isChanged('status') && form.status === '0' && 'Disabling ends all sessions, and no sign-in is possible.'}
        >
          <Select
            value={form.status}
            onChange={change('status')}
            choices={[
              { value: '1', label: 'Enabled' },
              { value: '0', label: 'Disabled' },
            ]}
          />
        </Field>
        <Field label="Group" error={problems.groupId}>
          <Select value={form.groupId} onChange={change('groupId')} choices={choices} />
        </Field>
      </div>
    </section>
  );
}
