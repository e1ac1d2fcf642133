import { useState } from 'react';
import { useGraphql, graphql } from '../../api/graphql';
import { useGroups } from '../../api/groups';
import { Button } from '../../components/button';
import { DateTime } from '../../components/date-time';
import { Dialog } from '../../components/dialog';
import { type DiffField, DiffView, type Side } from '../../components/diff-view';
import { toast } from '../../shell/toasts';
import type { Conflict } from './editor';
import { labelOfPath, type Names, textOfPath } from './labels';
import type { Change, Choices } from './merge';
import { focusProblem, useEditor } from './use-editor';

/** Opens when the customer was changed since it was read: before, theirs and mine, to choose from. */
export function ConflictDialog() {
  const { state, editor } = useEditor();
  const { conflict } = state;
  if (!conflict) return null;
  // A new comparison starts with new choices.
  return <Compare key={conflict.theirs.version} conflict={conflict} onClose={() => editor.postpone()} />;
}

function Compare({ conflict, onClose }: { conflict: Conflict; onClose: () => void }) {
  const { state, saver } = useEditor();
  const groups = useGroups();
  const { changes, theirs, isRepeated } = conflict;
  const [choices, setChoices] = useState<Choices>(() =>
    Object.fromEntries(changes.map(({ path, kind }) => [path, kind === 'both' ? undefined : kind])),
  );
  const names: Names = { states: { base: state.base, forms: [state.form, theirs.form, state.base.form] }, groups };
  const both = changes.filter(({ kind }) => kind === 'both');
  const others = changes.filter(({ kind }) => kind !== 'both');
  const open = changes.filter(({ path }) => !choices[path]).length;
  const chooseAll = (side: Side) =>
    setChoices({ ...choices, ...Object.fromEntries(both.map(({ path }) => [path, side])) });
  const choose = (path: string, side: Side) => setChoices({ ...choices, [path]: side });
  const submit = async () => {
    if (open) return;
    if (await saver.resolve(choices)) toast.success('Saved');
    else focusProblem();
  };
  const view = (list: Change[]) => (
    <DiffView fields={list.map((change) => fieldOf(names, change))} choices={choices} onChoose={choose} />
  );
  return (
    <Dialog
      open
      size="large"
      title={isRepeated ? 'The customer was changed again' : 'The customer was changed while you were editing'}
      onClose={onClose}
      onSubmit={() => void submit()}
      footer={
        <>
          <span className="dialog-note" role="status">
            {open > 0 && `${open === 1 ? 'One choice is' : `${open} choices are`} left`}
          </span>
          <Button onClick={onClose}>Back to the form</Button>
          <Button type="submit" kind="primary" disabled={open > 0}>
            Save these values
          </Button>
        </>
      }
    >
      <div className="prose">
        <LatestChange uuid={state.base.customer.uuid} />
        <p>
          Nothing of yours is saved yet, and nothing is lost.{' '}
          {both.length > 0 ? 'Choose a value for each field that both of you changed.' : 'You changed different fields, so both can be kept.'}
        </p>
      </div>
      {state.report && <p className="soft">Saved before: {state.report.saved.join(' · ')}</p>}
      {both.length > 1 && (
        <div className="row">
          <Button small onClick={() => chooseAll('mine')}>
            Yours for all
          </Button>
          <Button small onClick={() => chooseAll('theirs')}>
            Theirs for all
          </Button>
        </div>
      )}
      {both.length > 0 && view(both)}
      {others.length > 0 && (
        <section className="stack customer-diff-others">
          {both.length > 0 && <h3>Changed by one of you</h3>}
          {view(others)}
        </section>
      )}
    </Dialog>
  );
}

function fieldOf(names: Names, { path, kind, before, theirs, mine }: Change): DiffField {
  const text = (value: Change['mine']) =>
    value === null ? <span className="soft">deleted</span> : textOfPath(names, path, value);
  return {
    name: path,
    label: labelOfPath(names, path),
    before: text(before),
    theirs: text(theirs),
    mine: text(mine),
    isConflict: kind === 'both',
  };
}

const LatestChangeQuery = graphql(`
  query LatestChange($customer: String!) {
    auditEntries(first: 1, filter: { customer: $customer, actions: ["customer.updated", "address.*"] }) {
      nodes {
        actor
        createdAt
        admin {
          fullName
        }
      }
    }
  }
`);

/** Who made the change. The dialog does not wait for it. */
function LatestChange({ uuid }: { uuid: string }) {
  const { data } = useGraphql(LatestChangeQuery, { customer: uuid }, { staleTime: 0 });
  const entry = data?.auditEntries.nodes[0];
  if (!entry) return <p>Since you opened the page, it was changed.</p>;
  const who = entry.admin?.fullName ?? (entry.actor === 'CUSTOMER' ? 'The customer' : 'Another program');
  return (
    <p>
      <bdi>{who}</bdi> changed it last, <DateTime value={entry.createdAt} />.
    </p>
  );
}
