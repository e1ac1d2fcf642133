import { useMemo } from 'react';
import { asFailure } from '../../api/failure';
import { useGraphql } from '../../api/graphql';
import { FailureView } from '../../components/failure-view';
import { Pager, useCursor } from '../../components/pager';
import { Table } from '../../components/table';
import { useSearch } from '../../router';
import { Page } from '../../shell/page';
import { COLUMNS } from './columns';
import { CustomerFilterNote } from './customer-filter';
import { MailTabs } from './mail-tabs';
import './mails.css';
import { MailsEmpty } from './mails-empty';
import { MailList } from './queries';
import { RetryAllButton } from './retry';
import { statusOf } from './status';

const PAGE_SIZE = 25;

/** The mails to customers and admins by status, the failed ones first. */
export default function MailsPage() {
  const [params] = useSearch();
  const customer = params.get('customer');
  const status = statusOf(params.get('status') ?? (customer ? 'all' : null));
  const { variables, pager } = useCursor(PAGE_SIZE);
  const { data, error, isPlaceholderData, refetch } = useGraphql(
    MailList,
    { ...variables, status, customer },
    { keepPrevious: true, every: 20_000 },
  );
  const connection = data?.mails;
  const failed = isPlaceholderData ? [] : (connection?.nodes.filter((mail) => mail.status === 'FAILED') ?? []);
  const isOfCustomer = Boolean(customer);
  // Without what is the same in every row.
  const columns = useMemo(
    () => COLUMNS.filter(({ id }) => !(id === 'customer' && isOfCustomer) && !(id === 'status' && status)),
    [isOfCustomer, status],
  );

  return (
    <Page
      title="Mails"
      wide
      description="What patron sends to customers and admins. Failed mails are retried by the button only; waiting ones by themselves."
      actions={failed.length > 0 && <RetryAllButton mails={failed} />}
    >
      <MailTabs current={status} customer={customer} />
      {customer && <CustomerFilterNote uuid={customer} />}
      {error && <FailureView failure={asFailure(error)} onRetry={() => void refetch()} />}
      {connection?.nodes.length === 0 && !isPlaceholderData ? (
        <MailsEmpty status={status} isOfCustomer={isOfCustomer} />
      ) : (
        !(error && !connection) && (
          <Table label="Mails" columns={columns} rows={connection?.nodes} rowId={({ uuid }) => uuid} isStale={isPlaceholderData} hasShortcuts />
        )
      )}
      {connection && <Pager {...pager(connection.pageInfo)} />}
    </Page>
  );
}
