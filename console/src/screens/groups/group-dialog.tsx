import { useState } from 'react';
import { useAction } from '../../api/action';
import { useEdit } from '../../api/edit';
import type { Failure } from '../../api/failure';
import { query } from '../../api/graphql';
import { call, rest, writeHeaders } from '../../api/rest';
import { Dialog, DialogButtons } from '../../components/dialog';
import { EditDialog } from '../../components/edit-dialog';
import { Field, TextInput } from '../../components/field';
import { FormFailure } from '../../components/form-failure';
import { type Group, GroupById } from './queries';

const HINT = 'Only admins see it. Upper and lower case are the same: “VIP” and “vip” can’t both exist.';

/** A name that another group has is a problem of the field. */
const problemOf = (failure: Failure | null) =>
  failure?.field('group_name') ?? (failure?.code === 'conflict' ? `${failure.message}. Choose another name.` : undefined);

function NameField({ value, failure, onChange }: { value: string; failure: Failure | null; onChange: (name: string) => void }) {
  return (
    <Field label="Name" hint={HINT} error={problemOf(failure)}>
      <TextInput data-first maxLength={255} value={value} onChange={(event) => onChange(event.target.value)} />
    </Field>
  );
}

export function NewGroupDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const create = useAction({
    run: (group_name: string, { key }) =>
      call(rest.POST('/api/customer-groups', { body: { group_name }, headers: writeHeaders(key) })),
    success: 'Group created',
    onSuccess: onClose,
    onFailure: () => true,
  });
  const { failure } = create;
  return (
    <Dialog
      open
      size="small"
      title="New group"
      onClose={onClose}
      onSubmit={() => create.run(name)}
      footer={<DialogButtons action="Create" onCancel={onClose} isPending={create.isPending} isPaused={create.isPaused} />}
    >
      {!problemOf(failure) && <FormFailure failure={failure} />}
      <NameField value={name} failure={failure} onChange={setName} />
    </Dialog>
  );
}

const formOf = ({ groupName, version }: Group) => ({ form: { group_name: groupName }, version });

export function RenameDialog({ group, onClose }: { group: Group; onClose: () => void }) {
  const { uuid, customerGroupId: id } = group;
  const edit = useEdit({
    base: formOf(group),
    read: async () => {
      const { customerGroup: current } = await query(GroupById, { id });
      return current?.uuid === uuid ? formOf(current) : null;
    },
    write: (body, headers) => call(rest.PATCH('/api/customer-groups/{uuid}', { params: { path: { uuid } }, body, headers })),
    success: 'Group renamed',
    onSuccess: onClose,
  });
  return (
    <EditDialog
      edit={problemOf(edit.failure) ? { ...edit, failure: null } : edit}
      size="small"
      title="Rename the group"
      labels={{ group_name: 'Name' }}
      shows={['group_name']}
      onClose={onClose}
    >
      <NameField value={edit.form.group_name} failure={edit.failure} onChange={(group_name) => edit.set({ group_name })} />
    </EditDialog>
  );
}
