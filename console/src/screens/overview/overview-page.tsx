import { asFailure } from '../../api/failure';
import { useGraphql } from '../../api/graphql';
import { FailureView } from '../../components/failure-view';
import { Page } from '../../shell/page';
import { AttentionCard } from './attention-card';
import './overview.css';
import { OverviewNumbers } from './queries';
import { QueuesCard } from './queues-card';
import { RegistrationsCard } from './registrations-card';
import { StatTiles } from './stat-tiles';

/** The numbers of the shop's accounts, what waits, and what needs attention. */
export default function OverviewPage() {
  const { data, error, refetch } = useGraphql(OverviewNumbers, {}, { every: 30_000 });
  const overview = data?.overview;
  return (
    <Page title="Overview">
      <div className="overview">
        {error && <FailureView failure={asFailure(error)} onRetry={() => void refetch()} />}
        {!(error && !overview) && (
          <>
            <StatTiles overview={overview} />
            <div className="overview-columns">
              <RegistrationsCard days={overview?.registeredPerDay} />
              <AttentionCard overview={overview} />
              <QueuesCard overview={overview} />
            </div>
          </>
        )}
      </div>
    </Page>
  );
}
