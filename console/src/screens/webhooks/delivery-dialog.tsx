import type { ReactNode } from 'react';
import { Badge } from '../../components/badge';
import { Button } from '../../components/button';
import { CopyButton } from '../../components/copy-button';
import { exactTime } from '../../components/date-time';
import { Dialog } from '../../components/dialog';
import { RefreshIcon } from '../../components/icons';
import { Link } from '../../router';
import { eventName, STATUSES } from './delivery-columns';
import type { Delivery } from './queries';
import { useReplay } from './use-replay';

/** A delivery in full: what was sent, and what came back. */
export function DeliveryDialog({ delivery, onClose }: { delivery: Delivery; onClose: () => void }) {
  const { status, attempts, responseStatus, durationMs, lastError, createdAt, nextAttemptAt, deliveredAt, event } = delivery;
  const replay = useReplay();
  const data = event && JSON.stringify(event.data, null, 2);
  const facts: [string, ReactNode][] = [
    ['Status', <Badge tone={STATUSES[status].tone}>{STATUSES[status].label}</Badge>],
    ['Attempts', attempts],
    ['Response', responseStatus && `${responseStatus}${durationMs === null ? '' : ` in ${durationMs} ms`}`],
    ['Last error', status !== 'DELIVERED' && lastError],
    ['Created', exactTime(createdAt)],
    ['Next attempt', status === 'PENDING' && nextAttemptAt && exactTime(nextAttemptAt)],
    ['Delivered', deliveredAt && exactTime(deliveredAt)],
    ['webhook-id', event && <code>{event.id}</code>],
    ['Customer', event?.customer && <Link to={`/customers/edit/${event.customer}`}>{event.customer}</Link>],
    ['Changed fields', event && event.fields.length > 0 && event.fields.join(', ')],
  ];
  return (
    <Dialog
      open
      size="large"
      title={eventName(delivery)}
      onClose={onClose}
      footer={
        <>
          <Button icon={<RefreshIcon size={15} />} isPending={replay.isPending} onClick={() => replay.run(delivery.uuid)}>
            Replay
          </Button>
          <Button kind="primary" onClick={onClose} data-first>
            Close
          </Button>
        </>
      }
    >
      <dl className="facts">
        {facts.map(
          ([label, value]) =>
            value !== null &&
            value !== undefined &&
            value !== false &&
            value !== '' && (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      {data ? (
        <div className="webhooks-data">
          <header>
            <h3 id="webhooks-data">Data</h3>
            <CopyButton text={data} label="Copy the data" />
          </header>
          <pre tabIndex={0} role="region" aria-labelledby="webhooks-data">
            {data}
          </pre>
        </div>
      ) : (
        <p className="soft">The event is no longer kept.</p>
      )}
    </Dialog>
  );
}
