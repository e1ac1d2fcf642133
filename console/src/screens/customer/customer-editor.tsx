import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { Badge } from '../../components/badge';
import { CopyButton } from '../../components/copy-button';
import { useUnsavedGuard } from '../../router';
import { Page } from '../../shell/page';
import { useShortcut } from '../../shell/shortcuts';
import { toast } from '../../shell/toasts';
import { ActionsMenu } from './actions-menu';
import { AddressesCard } from './addresses-card';
import { ConflictDialog } from './conflict-dialog';
import { Editor } from './editor';
import { FieldsCard } from './fields-card';
import { FactsCard } from './facts-card';
import { readSnapshot } from './form';
import { Notices } from './notices';
import { ProfileCard } from './profile-card';
import type { CustomerData } from './queries';
import { SaveBar } from './save-bar';
import { Saver } from './saver';
import { SessionsCard } from './sessions-card';
import { TimelineCard } from './timeline-card';
import { EditorContext, focusProblem, useEditor } from './use-editor';

const FORM = 'customer-form';

/** The page of a customer. `opened` is the state with which it was opened, `data` the one that was read last. */
export function CustomerEditor({ opened, data }: { opened: CustomerData; data: CustomerData }) {
  const client = useQueryClient();
  const [editor] = useState(() => new Editor(readSnapshot(opened)!));
  useEffect(() => editor.receive(readSnapshot(data)), [editor, data]);
  const value = useMemo(() => {
    const saver = new Saver(editor, client);
    const save = async () => {
      const { activity, conflict } = editor.state;
      if (!editor.isDirty || activity !== 'none' || conflict) return;
      if (await saver.save()) toast.success('Saved');
      else focusProblem();
    };
    return { editor, saver, save: () => void save() };
  }, [editor, client]);
  return (
    <EditorContext value={value}>
      <EditorPage customer={data.customer ?? opened.customer!} />
    </EditorContext>
  );
}

function EditorPage({ customer }: { customer: NonNullable<CustomerData['customer']> }) {
  const { editor, state, save } = useEditor();
  const [view, setView] = useState<'details' | 'activity'>('details');
  useEffect(() => {
    if (Object.keys(state.problems).length) setView('details');
  }, [state.problems]);
  useUnsavedGuard(editor.isDirty || state.orphans.length > 0);
  useShortcut('mod+s', 'Save', save);
  useShortcut('e', 'Edit the first field', () => {
    setView('details');
    requestAnimationFrame(() => document.querySelector<HTMLElement>('.customer-form input')?.focus());
  });
  useShortcut('t', 'Go to the timeline', () => {
    setView('activity');
    requestAnimationFrame(() => document.querySelector<HTMLElement>('.customer-timeline h2')?.focus());
  });
  return (
    <Page
      title={customer.fullName}
      heading={
        <span className="customer-heading" title={customer.fullName}>
          <bdi>{customer.fullName}</bdi>
        </span>
      }
      back={{ to: '/customers', label: 'Customers' }}
      description={
        <span className="customer-summary">
          <span className="customer-email">
            <bdi>{customer.email}</bdi>
            <CopyButton text={customer.email} label="Copy the address" />
          </span>
          {customer.status ? <Badge tone="good">Enabled</Badge> : <Badge tone="bad">Disabled</Badge>}
          {customer.emailVerifiedAt ? <Badge>E-mail verified</Badge> : <Badge tone="warn">E-mail not verified</Badge>}
          {customer.group && (
            <Badge>
              <bdi className="customer-group">{customer.group.groupName}</bdi>
            </Badge>
          )}
        </span>
      }
      actions={<ActionsMenu customer={customer} />}
    >
      <div className="customer-views" role="group" aria-label="View">
        {(['details', 'activity'] as const).map((each) => (
          <button key={each} type="button" aria-pressed={view === each} onClick={() => setView(each)}>
            {each === 'details' ? 'Details' : 'Activity'}
          </button>
        ))}
      </div>
      <Notices />
      <div className="customer-layout" data-view={view}>
        <form
          id={FORM}
          className="customer-main customer-form"
          aria-label="Customer"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            save();
          }}
        >
          <ProfileCard />
          <FieldsCard />
          <AddressesCard />
        </form>
        <div className="customer-side">
          <FactsCard customer={customer} />
          <SessionsCard customer={customer} />
          <TimelineCard customer={customer} definitions={state.base.definitions} />
        </div>
      </div>
      <SaveBar form={FORM} />
      <ConflictDialog />
    </Page>
  );
}
