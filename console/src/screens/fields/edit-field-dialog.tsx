import { useState } from 'react';
import { useEdit } from '../../api/edit';
import { query } from '../../api/graphql';
import { call, rest } from '../../api/rest';
import { EditDialog } from '../../components/edit-dialog';
import { FieldFormView } from './field-form-view';
import { bodyOf, bodyOfDefinition, draftOf, type FieldBody, formOf, LABELS } from './form';
import { problemsOf, SHOWN } from './problems';
import { type Definition, FieldDefinitions } from './queries';
import { rulesText } from './rule-text';

/** Changes a custom field. Its key, its type and whether it is a list stay as they are. */
export function EditFieldDialog({ definition, onClose }: { definition: Definition; onClose: () => void }) {
  const { uuid } = definition;
  const [form, setForm] = useState(() => formOf(definition));
  const edit = useEdit<FieldBody>({
    base: bodyOfDefinition(definition),
    read: async () => {
      const { metafieldDefinitions: all } = await query(FieldDefinitions, {});
      const current = all.find((each) => each.uuid === uuid);
      return current ? bodyOfDefinition(current) : null;
    },
    write: (body, headers) => call(rest.PATCH('/api/metafield-definitions/{uuid}', { params: { path: { uuid } }, body, headers })),
    success: 'Field saved',
    onSuccess: onClose,
    onMerge: (body) => setForm({ ...form, ...draftOf(body) }),
  });
  return (
    <EditDialog edit={edit} size="large" title={<bdi>{definition.name}</bdi>} labels={LABELS} show={show} shows={SHOWN} onClose={onClose}>
      <FieldFormView
        form={form}
        problems={problemsOf(edit.failure)}
        onChange={(values) => {
          const next = { ...form, ...values };
          setForm(next);
          edit.set(bodyOf(next));
        }}
      />
    </EditDialog>
  );
}

function show(value: unknown, name: keyof FieldBody) {
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (name === 'validations') return rulesText(value, null);
  // The names alone would hide a changed rule of a sub-field.
  return name === 'subFields' ? JSON.stringify(value, null, 2) : String(value ?? '');
}
