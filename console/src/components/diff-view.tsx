import type { ReactNode } from 'react';
import type { Side } from '../api/edit';

/** A field that two admins changed, with the texts to show. */
export type DiffField = {
  name: string;
  label: string;
  before: ReactNode;
  theirs: ReactNode;
  mine: ReactNode;
  /** Whether both changed it. Otherwise the side that changed it is chosen in advance. */
  isConflict?: boolean;
};
export type { Side };

/** Shows a conflict field by field, and lets the user choose a side for each. */
export function DiffView({
  fields,
  choices,
  onChoose,
}: {
  fields: DiffField[];
  choices: Record<string, Side | undefined>;
  onChoose: (name: string, side: Side) => void;
}) {
  return (
    <div className="diff" role="group" aria-label="Changes">
      {fields.map(({ name, label, before, theirs, mine, isConflict }) => (
        <fieldset key={name} className={isConflict ? 'diff-field conflict' : 'diff-field'}>
          <legend>
            {label}
            {isConflict && <span className="diff-flag">Both changed it</span>}
          </legend>
          <div className="diff-before">
            <span className="diff-caption">Before</span>
            <Value>{before}</Value>
          </div>
          {(['theirs', 'mine'] as const).map((side) => (
            <label key={side} className="diff-side">
              <input
                type="radio"
                name={`diff-${name}`}
                checked={choices[name] === side}
                onChange={() => onChoose(name, side)}
              />
              <span className="diff-caption">{side === 'mine' ? 'Yours' : 'Theirs'}</span>
              <Value>{side === 'mine' ? mine : theirs}</Value>
            </label>
          ))}
        </fieldset>
      ))}
    </div>
  );
}

const isEmpty = (value: ReactNode) => value === null || value === undefined || value === '';

const Value = ({ children }: { children: ReactNode }) => (
  <span className="diff-value" dir="auto">
    {isEmpty(children) ? <span className="soft">empty</span> : children}
  </span>
);

/** What an audit entry changed: `{ field: { old, new } }`, or "changed" for a secret. */
export function ChangeList({ changes, labels = {} }: { changes: unknown; labels?: Record<string, string> }) {
  const entries = Object.entries((changes ?? {}) as Record<string, unknown>);
  if (!entries.length) return null;
  return (
    <dl className="changes">
      {entries.map(([field, change]) => {
        const pair = change as { old?: unknown; new?: unknown } | string | null;
        return (
          <div key={field}>
            <dt>{labels[field] ?? field.replaceAll('_', ' ')}</dt>
            <dd>
              {typeof pair === 'object' && pair ? (
                <>
                  {!isNothing(pair.old) && (
                    <>
                      <del dir="auto">{show(pair.old)}</del>
                      <span aria-hidden="true"> → </span>
                    </>
                  )}
                  {isNothing(pair.new) ? <span className="soft">removed</span> : <ins dir="auto">{show(pair.new)}</ins>}
                </>
              ) : (
                <span className="soft">{String(pair)}</span>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

const isNothing = (value: unknown) => value === null || value === undefined || value === '';
const show = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
