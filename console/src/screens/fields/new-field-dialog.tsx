import { useState } from 'react';
import { useAction } from '../../api/action';
import { call, rest, writeHeaders } from '../../api/rest';
import { confirm } from '../../components/confirm';
import { Dialog, DialogButtons } from '../../components/dialog';
import { FormFailure } from '../../components/form-failure';
import { useUnsavedGuard } from '../../router';
import { FieldFormView } from './field-form-view';
import { bodyOf, EMPTY, type FieldForm } from './form';
import { problemsOf, SHOWN } from './problems';

/** Adds a custom field. */
export function NewFieldDialog({ position, onClose }: { position: number; onClose: () => void }) {
  const [form, setForm] = useState<FieldForm>(EMPTY);
  const create = useAction({
    run: ({ namespace, key, type, isList, ...rest_ }: FieldForm, { key: idempotencyKey }) =>
      call(
        rest.POST('/api/metafield-definitions', {
          body: {
            ...bodyOf({ ...rest_, namespace, key, type, isList }),
            ownerType: 'customer',
            namespace: namespace.trim() || null,
            fieldKey: key.trim(),
            fieldType: type,
            isList,
            position,
          },
          headers: writeHeaders(idempotencyKey),
        }),
      ),
    success: 'Field created',
    onSuccess: onClose,
    onFailure: () => true,
  });
  const isDirty = JSON.stringify(form) !== JSON.stringify(EMPTY);
  useUnsavedGuard(isDirty);
  const close = async () => {
    const question = { title: 'Close without creating it?', action: 'Close', cancel: 'Back to the form', danger: true };
    if (!isDirty || (await confirm(question))) onClose();
  };
  return (
    <Dialog
      open
      size="large"
      title="New field"
      onClose={() => void close()}
      onSubmit={() => create.run(form)}
      footer={
        <DialogButtons action="Create" onCancel={() => void close()} isPending={create.isPending} isPaused={create.isPaused} />
      }
    >
      <FormFailure failure={create.failure} shows={SHOWN} />
      <FieldFormView form={form} isNew problems={problemsOf(create.failure)} onChange={(values) => setForm({ ...form, ...values })} />
    </Dialog>
  );
}
