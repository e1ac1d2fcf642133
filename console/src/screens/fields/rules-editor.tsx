import { useRef } from 'react';
import { Button } from '../../components/button';
import { PlusIcon } from '../../components/icons';
import { Menu } from '../../components/menu';
import type { FieldType } from './queries';
import type { Problems } from './problems';
import { newRule, type RuleDraft } from './rules';
import { RuleEditor } from './rule-editor';
import { RULES, rulesFor } from './types';

const MOST = 20;

/** The rules that a value has to meet. Nothing for types without rules. */
export function RulesEditor({
  type,
  rules,
  path,
  problems,
  onChange,
}: {
  type: FieldType;
  rules: RuleDraft[];
  path: string;
  problems: Problems;
  onChange: (rules: RuleDraft[]) => void;
}) {
  const element = useRef<HTMLFieldSetElement>(null);
  const kinds = rulesFor(type);
  if (!kinds.length) return null;
  // Rules of another type are kept, in case the type was changed by mistake, but neither shown nor sent.
  const shown = rules.filter((rule) => kinds.includes(rule.type));
  const focus = (at: number) =>
    requestAnimationFrame(() => {
      const items = element.current?.querySelectorAll<HTMLElement>(':scope > ul > li');
      (items?.[at]?.querySelector<HTMLElement>('input, textarea') ?? element.current?.querySelector<HTMLElement>(':scope > .row button'))?.focus();
    });
  return (
    <fieldset ref={element} className="fields-section">
      <legend>Rules</legend>
      {shown.length === 0 ? (
        <p className="field-hint">Any value is allowed.</p>
      ) : (
        <ul className="fields-rules">
          {shown.map((rule, at) => (
            <RuleEditor
              key={rules.indexOf(rule)}
              rule={rule}
              isNumber={type === 'integer' || type === 'number'}
              problem={problems[`${path}[${at}]`]}
              onChange={(next) => onChange(rules.map((each) => (each === rule ? next : each)))}
              onRemove={() => {
                onChange(rules.filter((each) => each !== rule));
                focus(Math.max(0, at - 1));
              }}
            />
          ))}
        </ul>
      )}
      {problems[path] && <p className="field-error">{problems[path]}</p>}
      <div className="row">
        <Menu
          label="Kinds of rules"
          align="start"
          trigger={(props) => (
            <Button small icon={<PlusIcon size={14} />} disabled={shown.length >= MOST} {...props}>
              Add a rule
            </Button>
          )}
          items={kinds.map((kind) => ({
            label: RULES[kind].label,
            onSelect: () => {
              onChange([...rules, newRule(kind)]);
              focus(shown.length);
            },
          }))}
        />
      </div>
    </fieldset>
  );
}
