import {
  type AuditEntry,
  type Delivery,
  type Mail,
  TimelineAudit,
  TimelineDeliveries,
  TimelineMails,
  useEvents,
} from './timeline-queries';

export type TimelineKind = 'all' | 'changes' | 'sign-ins' | 'mails' | 'webhooks';
export type TimelineEvent =
  | { kind: 'audit'; at: string; id: string; entry: AuditEntry }
  | { kind: 'mail'; at: string; id: string; mail: Mail }
  | { kind: 'delivery'; at: string; id: string; delivery: Delivery };

const ACTIONS: Partial<Record<TimelineKind, string[]>> = {
  changes: ['customer.*', 'address.*', 'password.*', 'mail.*', 'export.*'],
  'sign-ins': ['session.*'],
};

/**
 * The journal, the mails and the webhook deliveries of a customer as one list, the newest first. Each source is loaded in
 * pages, so the list ends where the first source with further pages ends; `loadMore` loads the next page of that one.
 */
export function useTimeline(customer: string, kind: TimelineKind) {
  const withAudit = kind !== 'mails' && kind !== 'webhooks';
  const audit = useEvents('TimelineAudit', TimelineAudit, ({ auditEntries }) => auditEntries, {
    customer,
    actions: ACTIONS[kind],
    enabled: withAudit,
  });
  const mails = useEvents('TimelineMails', TimelineMails, (result) => result.mails, {
    customer,
    enabled: kind === 'all' || kind === 'mails',
  });
  const deliveries = useEvents('TimelineDeliveries', TimelineDeliveries, ({ webhookDeliveries }) => webhookDeliveries, {
    customer,
    enabled: kind === 'all' || kind === 'webhooks',
  });
  const sources = [audit, mails, deliveries];
  const events: TimelineEvent[] = [
    ...audit.nodes.map((entry) => ({ kind: 'audit', at: entry.createdAt, id: entry.id, entry }) as const),
    ...mails.nodes.map((mail) => ({ kind: 'mail', at: mail.createdAt, id: mail.uuid, mail }) as const),
    ...deliveries.nodes.map((delivery) => ({ kind: 'delivery', at: delivery.createdAt, id: delivery.uuid, delivery }) as const),
  ];
  const unfinished = sources.filter(({ hasMore }) => hasMore);
  const oldest = (source: { nodes: { createdAt: string }[] }) => source.nodes.at(-1)?.createdAt ?? '';
  const horizon = unfinished.map(oldest).sort().at(-1) ?? '';
  const shown = events.filter(({ at }) => at >= horizon).sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : rank(a) - rank(b)));
  return {
    events: shown,
    error: sources.find(({ error }) => error)?.error ?? null,
    isLoading: sources.some(({ isLoading }) => isLoading),
    hasMore: unfinished.length > 0,
    isFetchingMore: sources.some(({ isFetchingMore }) => isFetchingMore),
    loadMore: () => unfinished.filter((source) => oldest(source) === horizon).forEach(({ loadMore }) => loadMore()),
    retry: () => sources.filter(({ error }) => error).forEach(({ retry }) => retry()),
  };
}

/** What happened at the same time: what follows from a change stands above it. */
const rank = ({ kind }: TimelineEvent) => ['delivery', 'mail', 'audit'].indexOf(kind);
