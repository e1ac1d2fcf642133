import { FieldLabel, type NestedProps } from './field-label';
import type { FieldDraft } from './field-draft';

/** A group: its fields in a frame. A group of which every field is empty has no value. */
export function FieldGroup(props: NestedProps<Record<string, FieldDraft>>) {
  const { Control, spec, path, draft, problems, onChange, hint, isVisible, label } = props;
  return (
    <fieldset className="customer-group-field">
      <legend className="field-label">
        <FieldLabel spec={spec} label={label} isVisible={isVisible} />
      </legend>
      {hint && <p className="field-hint">{hint}</p>}
      <div className="customer-grid">
        {spec.subFields.map((field) => (
          <div key={field.key} className={field.isList || field.type === 'long_text' || field.type === 'group' ? 'customer-full' : undefined}>
            <Control
              spec={field}
              path={`${path}.${field.key}`}
              draft={draft[field.key] ?? ''}
              problems={problems}
              onChange={(next) => onChange({ ...draft, [field.key]: next })}
            />
          </div>
        ))}
      </div>
      {problems[path] && <p className="field-error">{problems[path]}</p>}
    </fieldset>
  );
}
