import { useRef } from 'react';
import { useGraphql } from '../../api/graphql';
import { ButtonLink } from '../../components/button';
import { EmptyState } from '../../components/empty-state';
import { PersonIcon } from '../../components/icons';
import { Skeleton, SkeletonLines } from '../../components/skeleton';
import { useParams } from '../../router';
import { FailedPage, Page } from '../../shell/page';
import { CustomerEditor } from './customer-editor';
import './customer.css';
import { type CustomerData, CustomerPage as Query } from './queries';

const BACK = { to: '/customers', label: 'Customers' };

export default function CustomerPage() {
  const { uuid = '' } = useParams();
  return <LoadedPage key={uuid} uuid={uuid} />;
}

function LoadedPage({ uuid }: { uuid: string }) {
  const { data, error, refetch } = useGraphql(Query, { id: uuid }, { every: 60_000 });
  // A customer that is erased while the page is open stays on the screen, with what was typed.
  const opened = useRef<CustomerData | null>(null);
  if (data?.customer) opened.current ??= data;
  if (opened.current && data) return <CustomerEditor opened={opened.current} data={data} />;
  if (error) return <FailedPage title="Customer" error={error} onRetry={() => void refetch()} />;
  if (!data) return <LoadingPage />;
  return (
    <Page title="No such customer" back={BACK}>
      <EmptyState
        icon={<PersonIcon size={26} />}
        title="There is no customer at this address"
        action={<ButtonLink to="/customers">All customers</ButtonLink>}
      >
        It may have been erased, or the address is not complete.
      </EmptyState>
    </Page>
  );
}

function LoadingPage() {
  return (
    <Page
      title="Customer"
      heading={<span className="skeleton customer-skeleton-title" />}
      description={<Skeleton width={30} />}
      back={BACK}
    >
      <div className="customer-views" aria-hidden="true">
        <button type="button" disabled>
          Details
        </button>
      </div>
      <div className="customer-layout">
        <div className="customer-main">
          <div className="card card-body">
            <SkeletonLines lines={6} />
          </div>
          <div className="card card-body">
            <SkeletonLines lines={8} />
          </div>
        </div>
        <div className="customer-side">
          <div className="card card-body">
            <SkeletonLines lines={4} />
          </div>
          <div className="card card-body">
            <SkeletonLines lines={8} />
          </div>
        </div>
      </div>
    </Page>
  );
}
