import { memo, useMemo } from 'react';
import { asFailure } from '../../api/failure';
import { useGroups } from '../../api/groups';
import { Button } from '../../components/button';
import { FailureView } from '../../components/failure-view';
import { SkeletonLines } from '../../components/skeleton';
import { Timeline } from '../../components/timeline';
import { useSearch } from '../../router';
import { nameOf, specOf } from './field-spec';
import type { Customer, Definition } from './queries';
import { timelineItem } from './timeline-item';
import { type TimelineKind, useTimeline } from './use-timeline';

const KINDS: { value: TimelineKind; label: string; none: string }[] = [
  { value: 'all', label: 'All', none: 'Nothing is recorded. The journal may have been shortened by the retention setting.' },
  { value: 'changes', label: 'Changes', none: 'No changes are recorded.' },
  { value: 'sign-ins', label: 'Sign-ins', none: 'The customer has not signed in as long as the journal goes back.' },
  { value: 'mails', label: 'Mails', none: 'No mail has been sent to this customer lately.' },
  { value: 'webhooks', label: 'Webhooks', none: 'No webhook received an event of this customer lately.' },
];

/** Everything that happened to the customer: changes, sign-ins, mails and webhook deliveries by time. */
export const TimelineCard = memo(function TimelineCard({
  customer,
  definitions,
}: {
  customer: Customer;
  definitions: Definition[];
}) {
  const [params, change] = useSearch();
  const kind = KINDS.find(({ value }) => value === params.get('timeline')) ?? KINDS[0]!;
  const timeline = useTimeline(customer.uuid, kind.value);
  const groups = useGroups();
  const specs = useMemo(() => new Map(definitions.map((each) => [nameOf(each), specOf(each)])), [definitions]);
  const items = timeline.events.map((event) => timelineItem(event, { customer, specs, groups }));
  const choose = (value: TimelineKind) =>
    change((next) => (value === 'all' ? next.delete('timeline') : next.set('timeline', value)), { replace: true });
  return (
    <section className="card customer-timeline" aria-labelledby="customer-timeline">
      <header className="card-header">
        <h2 id="customer-timeline" tabIndex={-1}>
          Timeline
        </h2>
      </header>
      <div className="customer-kinds" role="group" aria-label="Show">
        {KINDS.map(({ value, label }) => (
          <button key={value} type="button" aria-pressed={value === kind.value} onClick={() => choose(value)}>
            {label}
          </button>
        ))}
      </div>
      <div className="card-body">
        {timeline.error && <FailureView failure={asFailure(timeline.error)} onRetry={timeline.retry} />}
        {timeline.isLoading ? (
          <SkeletonLines lines={8} />
        ) : items.length === 0 && !timeline.error ? (
          <p className="soft">{kind.none}</p>
        ) : (
          <Timeline items={items} label={`Timeline, ${kind.label.toLowerCase()}`} />
        )}
        {timeline.hasMore && !timeline.isLoading && (
          <div>
            <Button small isPending={timeline.isFetchingMore} onClick={timeline.loadMore}>
              {timeline.isFetchingMore ? 'Loading…' : 'Show older entries'}
            </Button>
          </div>
        )}
      </div>
    </section>
  );
});
