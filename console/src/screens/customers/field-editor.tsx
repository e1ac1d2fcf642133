import { Field, TextInput } from '../../components/field';
import { ANY, NONE } from './field-filters';
import { OptionList } from './option-list';
import type { Definition } from './queries';

const PRESENCE = [
  { value: ANY, label: 'Has a value' },
  { value: NONE, label: 'Has no value' },
];

/** The values that a rule of the field allows, if there is one. */
function choicesOf({ type, validations }: Definition): string[] | null {
  if (type === 'boolean') return ['true', 'false'];
  const rules = Array.isArray(validations) ? (validations as { type?: string; values?: unknown[] }[]) : [];
  return rules.find((rule) => rule.type === 'choices')?.values?.map(String) ?? null;
}

/** The filter of a custom field: one or more of its choices, a value, or whether it has one. */
export function FieldEditor({
  definition,
  values,
  onChange,
}: {
  definition: Definition;
  values: string[];
  onChange: (values: string[]) => void;
}) {
  const { name, type, isList } = definition;
  const choices = choicesOf(definition);
  const isPresence = values[0] === ANY || values[0] === NONE;
  if (choices) {
    const options = choices.map((value) => ({ value, label: type === 'boolean' ? (value === 'true' ? 'Yes' : 'No') : value }));
    return (
      <OptionList
        label={name}
        options={[...options, ...PRESENCE]}
        values={values}
        isMultiple
        onChange={(next) => {
          const added = next.find((value) => !values.includes(value));
          // "Has a value" can't be combined with a value.
          const isAlone = added === ANY || added === NONE;
          onChange(isAlone ? [added] : next.filter((value) => value !== ANY && value !== NONE));
        }}
      />
    );
  }
  const isComparable = type !== 'group' && type !== 'rich_text';
  const options = [...(isComparable ? [{ value: 'is', label: isList ? 'Contains' : 'Is exactly' }] : []), ...PRESENCE];
  return (
    <>
      <OptionList
        label={name}
        options={options}
        values={[isPresence ? values[0]! : isComparable ? 'is' : '']}
        onChange={([chosen]) => onChange(chosen === 'is' ? [''] : [chosen ?? ''])}
      />
      {isComparable && !isPresence && (
        <Field label={`Value of ${name}`} hideLabel>
          <TextInput
            type={type === 'date' ? 'date' : 'text'}
            inputMode={type === 'integer' || type === 'number' ? 'decimal' : undefined}
            maxLength={1000}
            value={values[0] ?? ''}
            onChange={(event) => onChange([event.target.value])}
          />
        </Field>
      )}
    </>
  );
}
