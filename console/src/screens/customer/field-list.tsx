import { useRef } from 'react';
import { flushSync } from 'react-dom';
import { Button, IconButton } from '../../components/button';
import { CloseIcon, PlusIcon } from '../../components/icons';
import { FieldLabel, type NestedProps } from './field-label';
import { draftOf, type FieldDraft } from './field-draft';
import { itemOf } from './field-spec';

const MAX_ITEMS = 100;

/** A list: its items below each other. Enter in an item adds the next one. */
export function FieldList(props: NestedProps<FieldDraft[]>) {
  const { Control, spec, path, draft, problems, onChange, hint, isVisible } = props;
  const element = useRef<HTMLFieldSetElement>(null);
  const item = itemOf(spec);
  const isShort = !['long_text', 'url', 'group', 'rich_text'].includes(spec.type);
  /** Changes the list and moves the focus before the next key, so that fast typing gets into the new item. */
  const changeTo = (next: FieldDraft[], at: number) => {
    flushSync(() => onChange(next));
    const rows = element.current?.querySelectorAll(':scope > ol > li');
    const control = rows?.[at]?.querySelector<HTMLElement>('input, select, textarea');
    (control ?? element.current?.querySelector<HTMLElement>(':scope > .button'))?.focus();
  };
  const add = (at: number) => {
    if (draft.length >= MAX_ITEMS) return;
    changeTo([...draft.slice(0, at), draftOf(item, null), ...draft.slice(at)], at);
  };
  const remove = (at: number) => changeTo(draft.filter((_, each) => each !== at), Math.min(at, draft.length - 2));
  return (
    <fieldset ref={element} className="field customer-list" data-short={isShort || undefined}>
      <legend className="field-label">
        <FieldLabel spec={spec} isVisible={isVisible} />
      </legend>
      {hint && <p className="field-hint">{hint}</p>}
      {draft.length > 0 && (
        <ol>
          {draft.map((each, at) => (
            <li
              key={at}
              onKeyDown={(event) => {
                const isLine = event.target instanceof HTMLInputElement && spec.type !== 'group';
                if (event.key !== 'Enter' || !isLine || event.nativeEvent.isComposing) return;
                event.preventDefault();
                if (each !== '') add(at + 1);
              }}
            >
              <Control
                spec={item}
                label={`${spec.label}, ${at + 1}`}
                hideLabel
                path={`${path}[${at}]`}
                draft={each}
                problems={problems}
                onChange={(next) => onChange(draft.map((old, index) => (index === at ? next : old)))}
              />
              <IconButton label={`Remove ${spec.label}, ${at + 1}`} onClick={() => remove(at)}>
                <CloseIcon size={14} />
              </IconButton>
            </li>
          ))}
        </ol>
      )}
      {problems[path] && <p className="field-error">{problems[path]}</p>}
      <Button
        small
        icon={<PlusIcon size={14} />}
        disabled={draft.length >= MAX_ITEMS}
        onClick={() => add(draft.length)}
      >
        {draft.length ? 'Add another' : 'Add'}
        <span className="unseen"> to {spec.label}</span>
      </Button>
    </fieldset>
  );
}
