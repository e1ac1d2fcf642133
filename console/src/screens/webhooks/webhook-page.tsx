import { useGraphql } from '../../api/graphql';
import { ButtonLink } from '../../components/button';
import { EmptyState } from '../../components/empty-state';
import { WebhookIcon } from '../../components/icons';
import { SkeletonLines } from '../../components/skeleton';
import { useParams } from '../../router';
import { FailedPage, Page } from '../../shell/page';
import { Deliveries } from './deliveries';
import { EndpointActions } from './endpoint-actions';
import { EndpointFacts } from './endpoint-facts';
import { WebhookEndpoints } from './queries';
import { TestResult, useTest } from './test-result';
import './webhooks.css';

const BACK = { to: '/webhooks', label: 'Webhooks' };

/** An endpoint with its deliveries. */
export default function WebhookPage() {
  const { uuid = '' } = useParams();
  const { data, error, refetch } = useGraphql(WebhookEndpoints, {}, { every: 60_000 });
  const test = useTest(uuid);
  const endpoint = data?.webhookEndpoints.find((each) => each.uuid === uuid);
  if (!data) {
    if (error) return <FailedPage title="Webhook" error={error} onRetry={() => void refetch()} />;
    return (
      <Page title="Webhook" back={BACK}>
        <div className="card card-body">
          <SkeletonLines lines={4} />
        </div>
      </Page>
    );
  }
  if (!endpoint) {
    return (
      <Page title="No such webhook" back={BACK}>
        <EmptyState icon={<WebhookIcon size={26} />} title="There is no webhook at this address" action={<ButtonLink to="/webhooks">All webhooks</ButtonLink>}>
          It may have been deleted.
        </EmptyState>
      </Page>
    );
  }
  return (
    <Page
      title={endpoint.description || endpoint.url}
      heading={<bdi>{endpoint.description || endpoint.url}</bdi>}
      back={BACK}
      actions={<EndpointActions endpoint={endpoint} test={test} />}
    >
      <div className="stack">
        <EndpointFacts endpoint={endpoint} />
        {test.uuid && <TestResult key={test.uuid} endpoint={uuid} delivery={test.uuid} onClose={test.close} />}
        <Deliveries endpoint={endpoint} onTest={test.run} />
      </div>
    </Page>
  );
}
