import { type ReactNode, useEffect, useState } from 'react';
import type { Edit } from '../../api/edit';
import { Dialog, DialogButtons } from '../../components/dialog';
import { EditDialog } from '../../components/edit-dialog';
import { FailureView } from '../../components/failure-view';
import { Field, TextInput } from '../../components/field';
import { toast } from '../../shell/toasts';
import type { View } from './queries';
import { useCreateView, useEditView, type ViewForm } from './views';

function NameField({ value, error, onChange }: { value: string; error?: string; onChange: (name: string) => void }) {
  return (
    <Field label="Name" error={error}>
      <TextInput data-first maxLength={100} autoComplete="off" value={value} onChange={(event) => onChange(event.target.value)} />
    </Field>
  );
}

/** Names a new view with this query. */
export function NewViewDialog({ query, onClose }: { query: string; onClose: () => void }) {
  const [name, setName] = useState('');
  const create = useCreateView(onClose);
  const { failure } = create;
  const isOther = failure && !failure.field('name') && (failure.code === 'conflict' || failure.code === 'validation_failed');
  return (
    <Dialog
      open
      size="small"
      title="Save as a view"
      onClose={onClose}
      onSubmit={() => create.run({ name: name.trim(), query })}
      footer={<DialogButtons action="Save" onCancel={onClose} isPending={create.isPending} isPaused={create.isPaused} />}
    >
      <p className="soft prose">A view keeps the search, the filters, the order and the columns. Only you see it.</p>
      {isOther && <FailureView failure={failure} />}
      <NameField value={name} error={failure?.field('name')} onChange={setName} />
    </Dialog>
  );
}

/** Renames a view. */
export function RenameViewDialog({ view, onClose }: { view: View; onClose: () => void }) {
  const edit = useEditView(view, { success: 'View renamed', onSuccess: onClose });
  return (
    <ViewEditDialog edit={edit} title="Rename the view" onClose={onClose}>
      <NameField value={edit.form.name} error={edit.failure?.field('name')} onChange={(name) => edit.set({ name })} />
    </ViewEditDialog>
  );
}

/** Saves this query as that of the view. It shows a dialog only if the view was changed since it was read. */
export function UpdateView({ view, query, onClose }: { view: View; query: string; onClose: () => void }) {
  const edit = useEditView(view, { initial: { query }, success: 'View updated', onSuccess: onClose });
  const { failure, submit } = edit;
  useEffect(() => submit(), []);
  useEffect(() => {
    if (!failure) return;
    toast.failure(failure);
    onClose();
  }, [failure]);
  return edit.isConflict ? (
    <ViewEditDialog edit={edit} title="Update the view" onClose={onClose}>
      {null}
    </ViewEditDialog>
  ) : null;
}

const LABELS = { name: 'Name', query: 'What is shown' };

const show = (value: unknown, name: keyof ViewForm) =>
  name === 'name'
    ? String(value)
    : [...new URLSearchParams(String(value))].map(([param, text]) => `${param}: ${text}`).join(', ') || 'All customers';

function ViewEditDialog({ edit, title, onClose, children }: { edit: Edit<ViewForm>; title: string; onClose: () => void; children: ReactNode }) {
  return (
    <EditDialog edit={edit} size="small" title={title} labels={LABELS} show={show} shows={['name']} onClose={onClose}>
      {children}
    </EditDialog>
  );
}
