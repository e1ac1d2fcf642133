import { type ControlProps, FieldLabel } from './field-label';
import { choicesOf } from './field-spec';

/** A list that has only choices: a checkbox for each. */
export function CheckboxList({ spec, path, draft, problems, onChange, hint, isVisible }: ControlProps<string[]>) {
  const choices = choicesOf(spec)!.map(String);
  const error = problems[path] ?? Object.entries(problems).find(([each]) => each.startsWith(`${path}[`))?.[1];
  const toggle = (choice: string, isOn: boolean) =>
    // In the order of the choices, so that turning one off and on again changes nothing.
    onChange(choices.filter((each) => (each === choice ? isOn : draft.includes(each))));
  return (
    <fieldset className="field">
      <legend className="field-label">
        <FieldLabel spec={spec} isVisible={isVisible} />
      </legend>
      <div className="customer-checks">
        {choices.map((choice) => (
          <label key={choice}>
            <input
              type="checkbox"
              checked={draft.includes(choice)}
              aria-invalid={error ? true : undefined}
              onChange={(event) => toggle(choice, event.target.checked)}
            />
            <bdi>{choice}</bdi>
          </label>
        ))}
      </div>
      {error && <p className="field-error">{error}</p>}
      {hint && <p className="field-hint">{hint}</p>}
    </fieldset>
  );
}
