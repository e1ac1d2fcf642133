import { useRef, useState } from 'react';
import { Button } from '../../components/button';
import { PlusIcon } from '../../components/icons';
import type { Problems } from './problems';
import { newSubField, type SubFieldDraft } from './rules';
import { SubFieldEditor } from './sub-field-editor';

const MOST = 50;

/** The fields of a group, in their order. Groups in groups are possible three levels deep. */
export function SubFieldsEditor({
  fields,
  level,
  path,
  problems,
  onChange,
}: {
  fields: SubFieldDraft[];
  level: number;
  path: string;
  problems: Problems;
  onChange: (fields: SubFieldDraft[]) => void;
}) {
  const [openId, setOpenId] = useState<number | null>(null);
  const element = useRef<HTMLFieldSetElement>(null);
  const focus = (selector: string) =>
    requestAnimationFrame(() => element.current?.querySelector<HTMLElement>(selector)?.focus());
  const move = (at: number, step: number) => {
    const next = fields.filter((_, index) => index !== at);
    next.splice(at + step, 0, fields[at]!);
    onChange(next);
  };
  const add = () => {
    const field = newSubField();
    onChange([...fields, field]);
    setOpenId(field.id);
    focus(`[data-sub-field="${field.id}"] input`);
  };
  return (
    <fieldset ref={element} className="fields-section">
      <legend>Fields of the group</legend>
      {fields.length === 0 ? (
        <p className="fields-none">A group needs at least one field. Add the parts of the value, such as name and VAT ID of a company.</p>
      ) : (
        <ol className="fields-sub-fields">
          {fields.map((field, at) => (
            <SubFieldEditor
              key={field.id}
              field={field}
              isOpen={openId === field.id}
              level={level}
              path={`${path}[${at}]`}
              problems={problems}
              onToggle={() => setOpenId(openId === field.id ? null : field.id)}
              onChange={(next) => onChange(fields.map((each, index) => (index === at ? next : each)))}
              onUp={at > 0 ? () => move(at, -1) : undefined}
              onDown={at < fields.length - 1 ? () => move(at, 1) : undefined}
              onRemove={() => {
                onChange(fields.filter((_, index) => index !== at));
                focus(':scope > .button');
              }}
            />
          ))}
        </ol>
      )}
      {problems[path] && <p className="field-error">{problems[path]}</p>}
      <Button small icon={<PlusIcon size={14} />} disabled={fields.length >= MOST} onClick={add}>
        Add a field
      </Button>
    </fieldset>
  );
}
