import type { ReactNode } from 'react';
import { Dot } from '../../components/badge';
import { MailIcon, WebhookIcon } from '../../components/icons';
import { Skeleton } from '../../components/skeleton';
import { Link } from '../../router';
import { number, type Overview } from './queries';

/** What waits to be sent, and what could not be sent. */
export function QueuesCard({ overview }: { overview: Overview | undefined }) {
  return (
    <section className="card" aria-labelledby="overview-queues">
      <header className="card-header">
        <h2 id="overview-queues">Queues</h2>
      </header>
      <dl className="overview-queues">
        <Queue
          to="/mails?status=pending"
          icon={<MailIcon />}
          label="Mails"
          waiting={overview?.mailsPending}
          failed={overview?.mailsFailed}
        />
        <Queue
          to="/webhooks"
          icon={<WebhookIcon />}
          label="Webhook deliveries"
          waiting={overview?.deliveriesPending}
          failed={overview?.deliveriesFailed}
        />
      </dl>
    </section>
  );
}

function Queue({ to, icon, label, waiting, failed }: { to: string; icon: ReactNode; label: string; waiting?: number; failed?: number }) {
  return (
    <div>
      <dt>
        {icon}
        <Link to={to}>{label}</Link>
      </dt>
      <dd>
        {waiting === undefined || failed === undefined ? (
          <Skeleton width={10} />
        ) : (
          <>
            <Dot tone={waiting ? 'info' : 'neutral'}>{number(waiting)} waiting</Dot>
            <Dot tone={failed ? 'bad' : 'neutral'}>{number(failed)} failed</Dot>
          </>
        )}
      </dd>
    </div>
  );
}
