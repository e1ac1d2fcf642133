import { Field, Select, TextArea, TextInput } from '../../components/field';
import { CheckboxList } from './checkbox-list';
import { ColorInput } from './color-input';
import { type FieldDraft, hasCheckboxes, shapeOf } from './field-draft';
import { FieldGroup } from './field-group';
import { type ControlProps, FieldLabel } from './field-label';
import { FieldList } from './field-list';
import { choicesOf, type FieldSpec } from './field-spec';

/** The controls of a custom field, by its type. */
export function FieldControl(props: ControlProps) {
  const { spec, draft } = props;
  switch (shapeOf(spec, draft)) {
    case 'list':
      if (hasCheckboxes(spec, draft)) return <CheckboxList {...props} draft={draft as string[]} />;
      return <FieldList {...props} Control={FieldControl} draft={draft as FieldDraft[]} />;
    case 'group':
      return <FieldGroup {...props} Control={FieldControl} draft={draft as Record<string, FieldDraft>} />;
    case 'json':
      return <JsonControl {...props} draft={String(draft)} />;
    case 'text':
      return <TextControl {...props} draft={String(draft)} />;
  }
}

const LABELS = { hideLabel: true } as const;

function JsonControl({ spec, path, draft, problems, onChange, hint, isVisible, hideLabel, label }: ControlProps<string>) {
  return (
    <Field
      label={<FieldLabel spec={spec} label={label} isVisible={isVisible} />}
      hint={hint || 'JSON: a list of objects of an editor.'}
      error={problems[path]}
      {...(hideLabel && LABELS)}
    >
      <TextArea
        className="customer-json"
        dir="ltr"
        rows={3}
        value={draft}
        spellCheck={false}
        autoCapitalize="none"
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  );
}

function TextControl({ spec, path, draft, problems, onChange, hint, isVisible, hideLabel, label }: ControlProps<string>) {
  return (
    <Field
      label={<FieldLabel spec={spec} label={label} isVisible={isVisible} />}
      hint={hint}
      error={problems[path]}
      {...(hideLabel && LABELS)}
    >
      <Scalar spec={spec} draft={draft} onChange={onChange} />
    </Field>
  );
}

type ScalarProps = { spec: FieldSpec; draft: string; onChange: (draft: string) => void };

/** The control of a value that is not a list or group. `Field` adds its ID and its description. */
function Scalar({ spec, draft, onChange, ...rest }: ScalarProps) {
  const change = (event: { target: { value: string } }) => onChange(event.target.value);
  const choices = choicesOf(spec)?.map(String) ?? (spec.type === 'boolean' ? ['true', 'false'] : undefined);
  if (choices) {
    const options = choices.map((value) => ({ value, label: labelOf(spec, value) }));
    if (draft && !choices.includes(draft)) options.push({ value: draft, label: `${draft} (not a choice)` });
    return <Select {...rest} value={draft} onChange={change} choices={[{ value: '', label: 'Not set' }, ...options]} />;
  }
  const text = { ...rest, value: draft, onChange: change, autoComplete: 'off' };
  switch (spec.type) {
    case 'long_text':
      return <TextArea {...text} />;
    case 'integer':
      return <TextInput {...text} inputMode="numeric" dir="ltr" />;
    case 'number':
      return <TextInput {...text} inputMode="decimal" dir="ltr" />;
    case 'date':
      // A value that is not a date is shown as it is.
      return <TextInput {...text} type={draft === '' || /^\d{4}-\d{2}-\d{2}$/.test(draft) ? 'date' : 'text'} max="9999-12-31" />;
    case 'color':
      return <ColorInput {...rest} value={draft} onChange={onChange} />;
    case 'url':
      return <TextInput {...text} inputMode="url" dir="ltr" placeholder="https://" autoCapitalize="none" spellCheck={false} />;
    default:
      return <TextInput {...text} />;
  }
}

const labelOf = ({ type }: FieldSpec, value: string) => (type === 'boolean' ? (value === 'true' ? 'Yes' : 'No') : value);
