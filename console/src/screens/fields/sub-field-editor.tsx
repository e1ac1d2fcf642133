import { useId } from 'react';
import { IconButton } from '../../components/button';
import { Checkbox, Field, Select, TextInput } from '../../components/field';
import { ArrowDown, ArrowUp, ChevronDown, ChevronRight, TrashIcon } from '../../components/icons';
import type { Problems } from './problems';
import { keyOf, type SubFieldDraft } from './rules';
import { RulesEditor } from './rules-editor';
import { SubFieldsEditor } from './sub-fields-editor';
import { typeLabel, TYPES } from './types';

const MAX_LEVEL = 3;
const withoutGroup = TYPES.filter(({ value }) => value !== 'group');

type Props = {
  field: SubFieldDraft;
  isOpen: boolean;
  level: number;
  path: string;
  problems: Problems;
  onToggle: () => void;
  onChange: (field: SubFieldDraft) => void;
  onUp?: () => void;
  onDown?: () => void;
  onRemove: () => void;
};

/** A field of a group: one line, and its form while it is open or has a problem. */
export function SubFieldEditor(props: Props) {
  const { field, isOpen, path, problems, onToggle, onUp, onDown, onRemove } = props;
  const id = useId();
  const hasProblem = Object.keys(problems).some((name) => name.startsWith(`${path}.`) || name === path);
  const isShown = isOpen || hasProblem;
  const name = field.name || field.key || 'New field';
  return (
    <li className="fields-sub-field" data-sub-field={field.id}>
      <div className="fields-sub-field-header">
        <button type="button" className="fields-toggle" aria-expanded={isShown} aria-controls={id} onClick={onToggle}>
          {isShown ? <ChevronDown size={14} /> : <ChevronRight size={14} />}
          <bdi className="truncate">{name}</bdi>
          <span className="soft">
            {typeLabel(field.type)}
            {field.isList && ', list'}
            {field.required && ', required'}
          </span>
        </button>
        <IconButton label={`Move ${name} up`} disabled={!onUp} onClick={onUp}>
          <ArrowUp size={14} />
        </IconButton>
        <IconButton label={`Move ${name} down`} disabled={!onDown} onClick={onDown}>
          <ArrowDown size={14} />
        </IconButton>
        <IconButton label={`Remove ${name}`} onClick={onRemove}>
          <TrashIcon size={14} />
        </IconButton>
      </div>
      {problems[path] && <p className="field-error">{problems[path]}</p>}
      <div id={id} className="fields-sub-field-body" hidden={!isShown}>
        {isShown && <SubFieldForm {...props} />}
      </div>
    </li>
  );
}

function SubFieldForm({ field, level, path, problems, onChange }: Props) {
  const set = (values: Partial<SubFieldDraft>) => onChange({ ...field, ...values });
  return (
    <>
      <div className="fields-pair">
        <Field label="Name" error={problems[`${path}.name`]}>
          <TextInput
            maxLength={255}
            value={field.name}
            onChange={({ target: { value: name } }) => set(field.isKeyTyped ? { name } : { name, key: keyOf(name) })}
          />
        </Field>
        <Field label="Key" error={problems[`${path}.key`]}>
          <TextInput
            className="fields-mono"
            maxLength={64}
            autoCapitalize="none"
            spellCheck={false}
            value={field.key}
            onChange={({ target }) => set({ key: target.value, isKeyTyped: target.value !== '' })}
          />
        </Field>
      </div>
      <div className="fields-pair">
        <Field label="Type" error={problems[`${path}.type`]}>
          <Select
            choices={level < MAX_LEVEL ? TYPES : withoutGroup}
            value={field.type}
            onChange={({ target }) => set({ type: target.value as SubFieldDraft['type'] })}
          />
        </Field>
        <div className="fields-list-choice">
          <Checkbox label="A list of them" checked={field.isList} onChange={({ target }) => set({ isList: target.checked })} />
          <Checkbox label="Required in each group" checked={field.required} onChange={({ target }) => set({ required: target.checked })} />
        </div>
      </div>
      <RulesEditor type={field.type} rules={field.rules} path={`${path}.validations`} problems={problems} onChange={(rules) => set({ rules })} />
      {field.type === 'group' && (
        <SubFieldsEditor
          fields={field.subFields}
          level={level + 1}
          path={`${path}.subFields`}
          problems={problems}
          onChange={(subFields) => set({ subFields })}
        />
      )}
    </>
  );
}
