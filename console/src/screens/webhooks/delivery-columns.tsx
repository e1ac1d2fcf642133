import { Badge, type Tone } from '../../components/badge';
import { Button } from '../../components/button';
import type { Column } from '../../components/column';
import { DateTime } from '../../components/date-time';
import { RefreshIcon } from '../../components/icons';
import type { Delivery, DeliveryStatus } from './queries';
import { useReplay } from './use-replay';

export const STATUSES: Record<DeliveryStatus, { label: string; tone: Tone }> = {
  PENDING: { label: 'Waiting', tone: 'info' },
  DELIVERED: { label: 'Delivered', tone: 'good' },
  PARKED: { label: 'Failed', tone: 'bad' },
};

export const eventName = ({ event }: Delivery) => event?.type ?? 'event that is no longer kept';

export const deliveryColumns = (onOpen: (delivery: Delivery) => void): Column<Delivery>[] => [
  {
    id: 'event',
    label: 'Event',
    width: 30,
    cell: (delivery) => (
      <button type="button" className="webhooks-open" onClick={() => onOpen(delivery)}>
        {eventName(delivery)}
      </button>
    ),
  },
  {
    id: 'status',
    label: 'Status',
    width: 14,
    phone: 'plain',
    cell: ({ status }) => <Badge tone={STATUSES[status].tone}>{STATUSES[status].label}</Badge>,
  },
  {
    id: 'response',
    label: 'Response',
    width: 44,
    phone: 'line',
    cell: ({ responseStatus, durationMs, lastError, attempts, status }) => (
      <div className="webhooks-response">
        <p>
          {responseStatus ?? (lastError ? 'No response' : attempts ? 'Being sent' : 'Not tried yet')}
          {attempts > 0 && durationMs !== null && <span className="soft"> in {durationMs.toLocaleString('en')} ms</span>}
          {attempts > 1 && <span className="soft">, {attempts} attempts</span>}
        </p>
        {lastError && status !== 'DELIVERED' && <p className="webhooks-error">{lastError}</p>}
      </div>
    ),
  },
  {
    id: 'time',
    label: 'Created',
    width: 20,
    phone: 'plain',
    cell: ({ createdAt, nextAttemptAt, status }) => (
      <>
        <p>
          <DateTime value={createdAt} />
        </p>
        {status === 'PENDING' && nextAttemptAt && (
          <p className="soft webhooks-small">
            next try <DateTime value={nextAttemptAt} />
          </p>
        )}
      </>
    ),
  },
  { id: 'action', label: 'Action', isLabelHidden: true, width: 12, align: 'end', phone: 'end', cell: (delivery) => <ReplayButton delivery={delivery} /> },
];

function ReplayButton({ delivery }: { delivery: Delivery }) {
  const replay = useReplay();
  return (
    <Button
      small
      icon={<RefreshIcon size={13} />}
      isPending={replay.isPending}
      aria-label={`Replay ${eventName(delivery)}`}
      onClick={() => replay.run(delivery.uuid)}
    >
      Replay
    </Button>
  );
}
