import { useRef, useState } from 'react';
import { useAction } from './action';
import { asFailure, Failure } from './failure';
import { newKey, writeHeaders } from './rest';

export type Values = Record<string, unknown>;
export type Side = 'mine' | 'theirs';
/** The values of a record in one of its versions. */
export type Versioned<Form> = { form: Form; version: string };
/** A value that was changed, with what changed it: another admin, the user, or both differently. */
export type Difference<Form> = {
  name: keyof Form & string;
  kind: Side | 'both';
  before: unknown;
  theirs: unknown;
  mine: unknown;
};

/** How often a change is sent again because only values that the form does not have were changed. */
const MAX_ROUNDS = 3;

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
const names = <Form extends Values>(form: Form) => Object.keys(form) as (keyof Form & string)[];

/** What the form changed. */
function changesOf<Form extends Values>(base: Form, form: Form): Partial<Form> {
  return Object.fromEntries(names(form).flatMap((name) => (isSame(base[name], form[name]) ? [] : [[name, form[name]]]))) as Partial<Form>;
}

function differencesOf<Form extends Values>(base: Form, theirs: Form, mine: Form): Difference<Form>[] {
  return names(mine).flatMap((name) => {
    const values = { before: base[name], theirs: theirs[name], mine: mine[name] };
    if (isSame(values.theirs, values.mine)) return [];
    const kind = isSame(values.before, values.theirs) ? 'mine' : isSame(values.before, values.mine) ? 'theirs' : 'both';
    return [{ name, kind, ...values }];
  });
}

const gone = () =>
  new Failure({ status: 404, code: 'not_found', message: 'It was deleted, so there is nothing to change' });

/**
 * The form of a record with a version: a group, a custom field, an endpoint, an admin, a saved view.
 *
 * Only what the user changed is sent, with the version that the user has seen. If the record has another version by then,
 * the response is 412 and nothing is saved: the record is read again, and `differences` has the values before, of the other
 * admin and of the user, to choose from. The choice is saved with the version that was read.
 */
export function useEdit<Form extends Values>(options: {
  /** The record when the form was opened. */
  base: Versioned<Form>;
  /** The values in the form when it opens, if they are not those of the record. */
  initial?: Partial<Form>;
  /** The current record; null if it was deleted. */
  read: () => Promise<Versioned<Form> | null>;
  write: (changes: Partial<Form>, headers: Record<string, string>) => Promise<unknown>;
  success: string;
  onSuccess: () => void;
  /** The names of the operations to load again; by default all that are on the screen. */
  refreshes?: string[];
  /** Called with the values after the user chose, for forms that keep what is typed elsewhere. */
  onMerge?: (form: Form) => void;
}) {
  const [base, setBase] = useState(options.base);
  const [form, setForm] = useState<Form>({ ...options.base.form, ...options.initial });
  const [theirs, setTheirs] = useState<Versioned<Form> | null>(null);
  const [chosen, setChosen] = useState<Record<string, Side | undefined>>({});
  const latest = useRef<Versioned<Form> | null>(null);
  const changes = changesOf(base.form, form);
  const differences = theirs ? differencesOf(base.form, theirs.form, form) : [];
  // The side that changed a value alone is chosen in advance.
  const choices: Record<string, Side | undefined> = Object.fromEntries(
    differences.map(({ name, kind }) => [name, chosen[name] ?? (kind === 'both' ? undefined : kind)]),
  );

  const action = useAction({
    run: async ({ from, to }: { from: Versioned<Form>; to: Partial<Form> }, { key }) => {
      let { version } = from;
      for (let round = 1; ; round++) {
        try {
          return await options.write(to, writeHeaders(round === 1 ? key : newKey(), version));
        } catch (error) {
          const failure = asFailure(error);
          if (failure.status !== 412) throw failure;
          latest.current = await options.read();
          if (!latest.current) throw gone();
          if (!isSame(latest.current.form, from.form) || round === MAX_ROUNDS) throw failure;
          version = latest.current.version;
        }
      }
    },
    success: options.success,
    onSuccess: options.onSuccess,
    refreshes: options.refreshes,
    onFailure: (failure) => {
      if (failure.status === 412) {
        setTheirs(latest.current);
        setChosen({});
      }
      return true;
    },
  });

  const send = (from: Versioned<Form>, to: Partial<Form>) => {
    if (names(to as Form).length) action.run({ from, to });
    else options.onSuccess();
  };
  /** Saves the form, or after a conflict the choices. */
  const submit = () => {
    if (!theirs) return send(base, changes);
    if (differences.some(({ name }) => !choices[name])) return;
    const next = { ...theirs.form };
    for (const { name } of differences) if (choices[name] === 'mine') next[name] = form[name];
    setBase(theirs);
    setForm(next);
    options.onMerge?.(next);
    setTheirs(null);
    send(theirs, changesOf(theirs.form, next));
  };
  const isConflict = differences.length > 0;
  return {
    form,
    set: (values: Partial<Form>) => setForm((before) => ({ ...before, ...values })),
    isDirty: names(changes).length > 0,
    isConflict,
    differences,
    choices,
    choose: (name: string, side: Side) => setChosen((before) => ({ ...before, [name]: side })),
    submit,
    isPending: action.isPending,
    isPaused: action.isPaused,
    failure: isConflict ? null : action.failure,
  };
}

export type Edit<Form extends Values> = ReturnType<typeof useEdit<Form>>;
