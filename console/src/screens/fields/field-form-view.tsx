import { Checkbox, Field, Select, TextArea, TextInput } from '../../components/field';
import type { FieldForm } from './form';
import type { Problems } from './problems';
import { keyOf } from './rules';
import { RulesEditor } from './rules-editor';
import { SubFieldsEditor } from './sub-fields-editor';
import { typeLabel, TYPES } from './types';

type Props = {
  form: FieldForm;
  /** The key, the type and the list can be chosen. */
  isNew?: boolean;
  problems: Problems;
  onChange: (values: Partial<FieldForm>) => void;
};

/** The form of a custom field. */
export function FieldFormView({ form, isNew, problems, onChange }: Props) {
  return (
    <>
      <Field label="Name" error={problems.name} hint="What admins and customers read.">
        <TextInput
          data-first
          maxLength={255}
          value={form.name}
          onChange={({ target: { value: name } }) => onChange(form.isKeyTyped ? { name } : { name, key: keyOf(name) })}
        />
      </Field>
      {isNew ? <Identity form={form} problems={problems} onChange={onChange} /> : <FixedIdentity form={form} />}
      <Field label="Purpose" optional error={problems.description} hint="For other admins.">
        <TextArea rows={2} maxLength={1000} value={form.description} onChange={({ target }) => onChange({ description: target.value })} />
      </Field>
      <div className="fields-switches">
        <Checkbox
          label="Customers see it and can set it"
          hint="In their own account, over the API. Otherwise only admins see it."
          checked={form.visible}
          onChange={({ target }) => onChange({ visible: target.checked })}
        />
        <Checkbox
          label="Required"
          hint="A value can be changed, but not removed. Customers without a value stay as they are."
          checked={form.required}
          onChange={({ target }) => onChange({ required: target.checked })}
        />
      </div>
      <RulesEditor type={form.type} rules={form.rules} path="validations" problems={problems} onChange={(rules) => onChange({ rules })} />
      {form.type === 'group' && (
        <SubFieldsEditor
          fields={form.subFields}
          level={1}
          path="subFields"
          problems={problems}
          onChange={(subFields) => onChange({ subFields })}
        />
      )}
    </>
  );
}

function Identity({ form, problems, onChange }: Props) {
  return (
    <>
      <div className="fields-pair">
        <Field label="Key" error={problems.fieldKey} hint="Its name in the API and in exports. It can’t be changed later.">
          <TextInput
            className="fields-mono"
            maxLength={64}
            autoCapitalize="none"
            spellCheck={false}
            value={form.key}
            onChange={({ target }) => onChange({ key: target.value, isKeyTyped: target.value !== '' })}
          />
        </Field>
        <Field label="Namespace" error={problems.namespace} hint="Sets the fields of another system apart, such as erp.">
          <TextInput
            className="fields-mono"
            maxLength={64}
            autoCapitalize="none"
            spellCheck={false}
            placeholder="custom"
            value={form.namespace}
            onChange={({ target }) => onChange({ namespace: target.value })}
          />
        </Field>
      </div>
      <div className="fields-pair">
        <Field label="Type" error={problems.fieldType} hint={TYPES.find(({ value }) => value === form.type)?.hint}>
          <Select choices={TYPES} value={form.type} onChange={({ target }) => onChange({ type: target.value as FieldForm['type'] })} />
        </Field>
        <div className="fields-list-choice">
          <Checkbox
            label="A list of them"
            hint="Up to 100 values in their order. It can’t be changed later."
            checked={form.isList}
            onChange={({ target }) => onChange({ isList: target.checked })}
          />
        </div>
      </div>
    </>
  );
}

function FixedIdentity({ form }: { form: FieldForm }) {
  return (
    <dl className="facts fields-fixed">
      <div>
        <dt>Key</dt>
        <dd>
          <code>
            {form.namespace}.{form.key}
          </code>
        </dd>
      </div>
      <div>
        <dt>Type</dt>
        <dd>
          {typeLabel(form.type)}
          {form.isList && ', list'}
        </dd>
      </div>
    </dl>
  );
}
