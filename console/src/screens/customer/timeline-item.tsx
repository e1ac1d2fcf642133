import type { Group } from '../../api/groups';
import { Badge, type Tone } from '../../components/badge';
import { ClockIcon, DownloadIcon, EditIcon, KeyIcon, MailIcon, PersonIcon, SignOutIcon, TagIcon, TrashIcon, WebhookIcon } from '../../components/icons';
import type { TimelineItem } from '../../components/timeline';
import { Link } from '../../router';
import { changedProperties } from './audit-changes';
import { AuditChanges, AuditOrigin } from './audit-details';
import { actorName, auditTitle } from './audit-words';
import { clientName } from './client-name';
import type { FieldSpec } from './field-spec';
import { ReplayButton, RetryButton } from './timeline-actions';
import type { Customer } from './queries';
import type { AuditEntry, Delivery, Mail } from './timeline-queries';
import type { TimelineEvent } from './use-timeline';

type Known = { customer: Customer; specs: Map<string, FieldSpec>; groups?: Group[] };

/** An event as an item of the timeline. */
export function timelineItem(event: TimelineEvent, known: Known): TimelineItem {
  switch (event.kind) {
    case 'audit':
      return auditItem(event.entry, known);
    case 'mail':
      return mailItem(event.mail, known);
    case 'delivery':
      return deliveryItem(event.delivery);
  }
}

const ICONS: [prefix: string, icon: React.ReactNode][] = [
  ['customer.created', <PersonIcon size={14} />],
  ['customer.deleted', <TrashIcon size={14} />],
  ['password.', <KeyIcon size={14} />],
  ['session.created', <ClockIcon size={14} />],
  ['session.', <SignOutIcon size={14} />],
  ['address.', <TagIcon size={14} />],
  ['mail.', <MailIcon size={14} />],
  ['export.', <DownloadIcon size={14} />],
];

function auditItem(entry: AuditEntry, known: Known): TimelineItem {
  const changes = changedProperties(entry, known);
  const fields = changes.filter(({ name }) => name.includes('.')).map(({ label }) => label);
  const { title, tone } = auditTitle(entry, fields);
  const session = known.customer.sessions.find(({ id }) => id === entry.record);
  return {
    id: entry.id,
    at: entry.createdAt,
    icon: ICONS.find(([prefix]) => entry.action.startsWith(prefix))?.[1] ?? <EditIcon size={14} />,
    tone,
    title: (
      <>
        {title} {session && <Badge tone="good">Active</Badge>}
      </>
    ),
    by: (
      <>
        <bdi>{actorName(entry)}</bdi>
        {entry.action === 'session.created' && ` · ${clientName(entry.userAgent)}`}
      </>
    ),
    more: <AuditOrigin entry={entry} title={title} />,
    body: changes.length > 0 && <AuditChanges changes={changes} />,
  };
}

const MAILS: Record<Mail['status'], { tone: Tone; label: string }> = {
  SENT: { tone: 'good', label: 'Sent' },
  PENDING: { tone: 'info', label: 'Waiting' },
  FAILED: { tone: 'bad', label: 'Failed' },
  WITHDRAWN: { tone: 'neutral', label: 'Withdrawn' },
};

function mailItem(mail: Mail, { customer }: Known): TimelineItem {
  const { tone, label } = MAILS[mail.status];
  const isOpen = mail.status === 'FAILED' || mail.status === 'PENDING';
  return {
    id: mail.uuid,
    at: mail.createdAt,
    icon: <MailIcon size={14} />,
    tone: mail.status === 'FAILED' ? 'bad' : 'neutral',
    title: (
      <>
        Mail “<bdi>{mail.subject}</bdi>” <Badge tone={tone}>{label}</Badge>
      </>
    ),
    by: mail.recipient === customer.email ? null : <bdi>to {mail.recipient}</bdi>,
    body: isOpen && mail.lastError && (
      <p className="customer-small">
        {mail.attempts === 1 ? 'One attempt' : `${mail.attempts} attempts`}. {mail.lastError}
      </p>
    ),
    action: mail.status === 'FAILED' && <RetryButton uuid={mail.uuid} subject={mail.subject} />,
  };
}

/** Deliveries that were accepted are the rule, and stand back. */
const DELIVERIES: Record<Delivery['status'], { tone: Tone; label: string }> = {
  DELIVERED: { tone: 'good', label: 'Delivered' },
  PENDING: { tone: 'info', label: 'Waiting' },
  PARKED: { tone: 'bad', label: 'Failed' },
};

function deliveryItem(delivery: Delivery): TimelineItem {
  const { endpoint, event, status, attempts, responseStatus, lastError } = delivery;
  const { tone, label } = DELIVERIES[status];
  const name = endpoint ? endpoint.description || hostOf(endpoint.url) : 'a deleted endpoint';
  return {
    id: delivery.uuid,
    at: delivery.createdAt,
    icon: <WebhookIcon size={14} />,
    tone: status === 'PARKED' ? 'bad' : 'neutral',
    isQuiet: status === 'DELIVERED',
    title: (
      <>
        <code>{event?.type ?? 'event'}</code> to{' '}
        {endpoint ? (
          <Link to={`/webhooks/${endpoint.uuid}`} className="customer-endpoint">
            <bdi>{name}</bdi>
          </Link>
        ) : (
          name
        )}{' '}
        {status !== 'DELIVERED' && <Badge tone={tone}>{label}</Badge>}
      </>
    ),
    by: status === 'DELIVERED' && label,
    body: status !== 'DELIVERED' && lastError && (
      <p className="customer-small">
        {attempts === 1 ? 'One attempt' : `${attempts} attempts`}
        {responseStatus && `, response ${responseStatus}`}. {lastError}
      </p>
    ),
    action: status === 'PARKED' && <ReplayButton uuid={delivery.uuid} name={name} />,
  };
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
