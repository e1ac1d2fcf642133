import { useMemo, useState } from 'react';
import { asFailure } from '../../api/failure';
import { useGraphql } from '../../api/graphql';
import { Button } from '../../components/button';
import { EmptyState } from '../../components/empty-state';
import { FailureView } from '../../components/failure-view';
import { RefreshIcon, SendIcon, WebhookIcon } from '../../components/icons';
import { Pager, useCursor } from '../../components/pager';
import { Table } from '../../components/table';
import { Tabs } from '../../components/tabs';
import { useSearch } from '../../router';
import { deliveryColumns } from './delivery-columns';
import { DeliveryDialog } from './delivery-dialog';
import { countsOf, type Delivery, DeliveryList, type DeliveryStatus, type Endpoint, WebhookQueues } from './queries';
import { useReplayAll } from './use-replay';

const TABS: { param: string | null; status: DeliveryStatus | null; label: string; empty: string }[] = [
  { param: null, status: null, label: 'All', empty: 'Events that happen from now on are here. Send a test to see that the receiver works.' },
  { param: 'failed', status: 'PARKED', label: 'Failed', empty: 'A delivery that the receiver did not accept for three days is here.' },
  { param: 'waiting', status: 'PENDING', label: 'Waiting', empty: 'A delivery waits here until it is sent, or until it is tried again.' },
  { param: 'delivered', status: 'DELIVERED', label: 'Delivered', empty: 'What the receiver accepted is here for 30 days.' },
];

/** The deliveries of an endpoint by status, the latest first. */
export function Deliveries({ endpoint, onTest }: { endpoint: Endpoint; onTest: () => void }) {
  const { uuid, enabled } = endpoint;
  const [params] = useSearch();
  const [opened, setOpened] = useState<Delivery | null>(null);
  const { variables, pager } = useCursor(25);
  const tab = TABS.find(({ param }) => param === params.get('status')) ?? TABS[0]!;
  const { data, error, isPlaceholderData, refetch } = useGraphql(
    DeliveryList,
    { ...variables, endpoint: uuid, status: tab.status },
    { keepPrevious: true, every: 10_000 },
  );
  const { data: queues } = useGraphql(WebhookQueues, {}, { every: 20_000 });
  const counts = countsOf(queues, uuid);
  const replayAll = useReplayAll(uuid);
  const columns = useMemo(() => deliveryColumns(setOpened), []);
  const connection = data?.webhookDeliveries;
  const isEmpty = connection?.nodes.length === 0 && !isPlaceholderData;
  return (
    <section aria-labelledby="webhooks-deliveries">
      <header className="webhooks-deliveries-header">
        <h2 id="webhooks-deliveries">Deliveries</h2>
        {counts.failed && (
          <Button small icon={<RefreshIcon size={13} />} isPending={replayAll.isPending} onClick={() => replayAll.run(null)}>
            Replay all failed
          </Button>
        )}
      </header>
      <Tabs
        label="Status"
        tabs={TABS.map(({ param, status, label }) => ({
          to: `/webhooks/${uuid}${param ? `?status=${param}` : ''}`,
          label,
          isCurrent: status === tab.status,
          count: status === 'PARKED' ? counts.failed : status === 'PENDING' ? counts.waiting : undefined,
        }))}
      />
      {error && <FailureView failure={asFailure(error)} onRetry={() => void refetch()} />}
      {isEmpty ? (
        <EmptyState
          icon={<WebhookIcon size={26} />}
          title="No such deliveries"
          action={
            tab.status === null &&
            enabled && (
              <Button icon={<SendIcon size={15} />} onClick={onTest}>
                Send a test
              </Button>
            )
          }
        >
          {tab.empty}
        </EmptyState>
      ) : (
        !(error && !connection) && (
          <Table label="Deliveries" columns={columns} rows={connection?.nodes} rowId={(delivery) => delivery.uuid} isStale={isPlaceholderData} hasShortcuts />
        )
      )}
      {connection && <Pager {...pager(connection.pageInfo)} />}
      {opened && <DeliveryDialog delivery={opened} onClose={() => setOpened(null)} />}
    </section>
  );
}
