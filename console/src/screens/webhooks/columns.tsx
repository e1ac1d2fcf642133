import type { ResultOf } from '../../api/graphql';
import { Badge, Dot } from '../../components/badge';
import type { Column } from '../../components/column';
import { DateTime } from '../../components/date-time';
import { Link } from '../../router';
import { eventsText } from './events';
import { countsOf, type Endpoint, type WebhookQueues } from './queries';

export const pathOf = ({ uuid }: Endpoint) => `/webhooks/${uuid}`;

export const columnsOf = (queues: ResultOf<typeof WebhookQueues> | undefined): Column<Endpoint>[] => [
  {
    id: 'url',
    label: 'URL',
    width: 48,
    cell: (endpoint) => (
      <>
        <Link to={pathOf(endpoint)} className="truncate webhooks-url" title={endpoint.url}>
          {endpoint.url}
        </Link>
        {endpoint.description && (
          <span className="truncate soft webhooks-small" dir="auto">
            {endpoint.description}
          </span>
        )}
      </>
    ),
  },
  {
    id: 'events',
    label: 'Events',
    width: 26,
    phone: 'line',
    cell: ({ events }) => (
      <span className="truncate" title={eventsText(events)}>
        {eventsText(events)}
      </span>
    ),
  },
  {
    id: 'status',
    label: 'Status',
    width: 12,
    phone: 'plain',
    cell: ({ enabled }) => (enabled ? <Dot tone="good">Enabled</Dot> : <Dot>Disabled</Dot>),
  },
  {
    id: 'deliveries',
    label: 'Deliveries',
    width: 22,
    phone: 'plain',
    cell: ({ uuid }) => {
      const { failed, waiting } = countsOf(queues, uuid);
      return (
        <>
          {failed && <Badge tone="bad">{failed} failed</Badge>} {waiting && <Badge tone="info">{waiting} waiting</Badge>}
          {queues && !failed && !waiting && <span className="soft">All delivered</span>}
        </>
      );
    },
  },
  { id: 'created', label: 'Created', width: 14, cell: ({ createdAt }) => <DateTime value={createdAt} /> },
];
