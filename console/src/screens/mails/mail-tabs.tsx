import { useGraphql } from '../../api/graphql';
import { Tabs } from '../../components/tabs';
import { MailCounts, type MailStatus } from './queries';
import { STATUSES } from './status';

/** The mails by status, the failed ones first, with the sizes of the queues. */
export function MailTabs({ current, customer }: { current: MailStatus | null; customer: string | null }) {
  const { data } = useGraphql(MailCounts, {}, { every: 30_000, enabled: !customer });
  const counts: Partial<Record<MailStatus, number>> = customer
    ? {}
    : { FAILED: data?.overview.mailsFailed, PENDING: data?.overview.mailsPending };
  const path = (param: string) => `/mails?${new URLSearchParams({ status: param, ...(customer && { customer }) })}`;
  const tabs = (Object.keys(STATUSES) as MailStatus[]).map((status) => ({
    to: path(STATUSES[status].param),
    label: STATUSES[status].label,
    isCurrent: current === status,
    count: counts[status]?.toLocaleString('en'),
  }));
  return <Tabs label="Status" tabs={[...tabs, { to: path('all'), label: 'All', isCurrent: current === null }]} />;
}
