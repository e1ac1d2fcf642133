import { useId } from 'react';
import { IconButton } from '../../components/button';
import { Field, TextArea, TextInput } from '../../components/field';
import { CloseIcon } from '../../components/icons';
import type { RuleDraft } from './rules';
import { RULES } from './types';

/** One rule: limits, a pattern, or a list of values. */
export function RuleEditor({
  rule,
  isNumber,
  problem,
  onChange,
  onRemove,
}: {
  rule: RuleDraft;
  isNumber: boolean;
  problem?: string;
  onChange: (rule: RuleDraft) => void;
  onRemove: () => void;
}) {
  const { label, hint } = RULES[rule.type];
  const id = useId();
  return (
    <li className="fields-rule" aria-labelledby={id}>
      <div className="fields-rule-header">
        <h3 id={id}>{label}</h3>
        <IconButton label={`Remove the rule ${label}`} onClick={onRemove}>
          <CloseIcon size={14} />
        </IconButton>
      </div>
      {rule.type === 'regexp' ? (
        <Field label="Regular expression" hideLabel hint={hint} error={problem}>
          <TextInput
            className="fields-mono"
            dir="ltr"
            maxLength={500}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            placeholder="^[A-Z]{2}[0-9]+$"
            value={rule.pattern}
            onChange={({ target }) => onChange({ ...rule, pattern: target.value })}
          />
        </Field>
      ) : rule.type === 'choices' ? (
        <Field label="Values" hideLabel hint={isNumber ? 'One number in each line. Everything else is refused.' : hint} error={problem}>
          <TextArea
            rows={4}
            spellCheck={false}
            placeholder={isNumber ? '10\n20' : 'gold\nsilver'}
            value={rule.values}
            onChange={({ target }) => onChange({ ...rule, values: target.value })}
          />
        </Field>
      ) : (
        <>
          <div className="fields-bounds">
            {(['min', 'max'] as const).map((side) => (
              <Field key={side} label={side === 'min' ? 'At least' : 'At most'}>
                <TextInput
                  dir="ltr"
                  inputMode={rule.type === 'size' ? 'numeric' : 'decimal'}
                  autoComplete="off"
                  maxLength={30}
                  value={rule[side]}
                  onChange={({ target }) => onChange({ ...rule, [side]: target.value })}
                />
              </Field>
            ))}
          </div>
          {problem && <p className="field-error">{problem}</p>}
          <p className="field-hint">{hint} One of the two can stay empty.</p>
        </>
      )}
    </li>
  );
}
