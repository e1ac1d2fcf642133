import { useMemo } from 'react';
import { asFailure } from '../../api/failure';
import { useGraphql } from '../../api/graphql';
import { Button } from '../../components/button';
import { EmptyState } from '../../components/empty-state';
import { FailureView } from '../../components/failure-view';
import { PlusIcon, WebhookIcon } from '../../components/icons';
import { Table } from '../../components/table';
import { useSearch } from '../../router';
import { Page } from '../../shell/page';
import { useShortcut } from '../../shell/shortcuts';
import { columnsOf, pathOf } from './columns';
import { NewEndpointDialog } from './new-endpoint-dialog';
import { MOST, WebhookEndpoints, WebhookQueues } from './queries';
import './webhooks.css';

/** The endpoints that receive events, each with what waits and what failed. */
export default function WebhooksPage() {
  const [params, change] = useSearch();
  const { data, error, refetch } = useGraphql(WebhookEndpoints, {});
  const { data: queues } = useGraphql(WebhookQueues, {}, { every: 20_000 });
  const endpoints = data?.webhookEndpoints;
  const columns = useMemo(() => columnsOf(queues), [queues]);
  const isFull = endpoints !== undefined && endpoints.length >= MOST;
  const openNew = () => change((next) => next.set('new', ''));
  useShortcut('n', 'New webhook', openNew);
  const create = (
    <Button kind="primary" icon={<PlusIcon />} disabled={isFull} onClick={openNew}>
      New webhook
    </Button>
  );
  return (
    <Page
      title="Webhooks"
      description="Tell other systems about changes: each event is sent to the URLs that want it, signed, in order for each customer, and tried again for three days."
      actions={endpoints?.length !== 0 && create}
    >
      {isFull && <p className="notice warn webhooks-full">There are {MOST} webhooks, which is the limit. Delete one to add another.</p>}
      {error && <FailureView failure={asFailure(error)} onRetry={() => void refetch()} />}
      {endpoints?.length === 0 ? (
        <EmptyState icon={<WebhookIcon size={26} />} title="No webhooks yet" action={create}>
          Connect the systems that have to know your customers: the ERP, the newsletter, the CRM. Each gets a URL, the events it needs, and
          a secret to check that they are from patron.
        </EmptyState>
      ) : (
        !(error && !endpoints) && (
          <Table label="Webhooks" columns={columns} rows={endpoints} rowId={({ uuid }) => uuid} rowHref={pathOf} hasShortcuts />
        )
      )}
      {params.has('new') && <NewEndpointDialog onClose={() => change((next) => next.delete('new'))} />}
    </Page>
  );
}
