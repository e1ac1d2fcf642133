import { useEffect, useState } from 'react';
import { asFailure } from '../../api/failure';
import { useGraphql } from '../../api/graphql';
import { Button, ButtonLink } from '../../components/button';
import { ColumnChooser } from '../../components/column-chooser';
import { FailureView } from '../../components/failure-view';
import { DownloadIcon, PlusIcon } from '../../components/icons';
import { Pager } from '../../components/pager';
import { SearchInput } from '../../components/search-input';
import { Table } from '../../components/table';
import { preload } from '../../routes';
import { Page } from '../../shell/page';
import { BulkBar } from './bulk-bar';
import { customerPath, type CustomerRow } from './columns';
import './customers.css';
import { ExportDialog } from './export-dialog';
import { FilterBar } from './filter-bar';
import { ListEmpty, ListProblems } from './list-notices';
import { CustomerTotal } from './queries';
import { useSelection } from './selection';
import { SortMenu } from './sort-menu';
import { useCustomerList } from './use-list';
import { ViewTabs } from './view-tabs';

const NONE: CustomerRow[] = [];

/** The list of customers. Everything that it shows is in the URL. */
export default function CustomersPage() {
  const list = useCustomerList();
  const [isExporting, setExporting] = useState(false);
  const filterKey = JSON.stringify([list.filter, list.filters.map(({ param }) => param)]);
  const counted = useGraphql(CustomerTotal, { filter: list.filter }, { keepPrevious: true, enabled: !list.isUnresolved });
  const total = counted.isPlaceholderData ? undefined : counted.data?.customersConnection.totalCount;
  const { data, isPlaceholderData } = list.rows;
  const error = list.rows.error ?? (list.isUnresolved ? list.frame.error : null);
  const connection = data?.customersConnection;
  const rows = connection?.nodes ?? NONE;
  const selection = useSelection(rows, filterKey);
  const hasRows = rows.length > 0;
  // The page of a customer is the most likely next one. Its file is loaded after the list, when the user begins to act.
  useEffect(() => {
    if (!hasRows) return;
    const load = () => preload(customerPath('next'));
    const events = ['pointermove', 'pointerdown', 'keydown'] as const;
    for (const name of events) addEventListener(name, load, { once: true });
    return () => events.forEach((name) => removeEventListener(name, load));
  }, [hasRows]);
  const isEmpty = connection !== undefined && !hasRows && !isPlaceholderData;

  return (
    <Page
      title="Customers"
      fill
      actions={
        <>
          <Button icon={<DownloadIcon />} disabled={list.problems.length > 0} onClick={() => setExporting(true)}>
            Export
          </Button>
          <ButtonLink to="/customers/new" kind="primary" icon={<PlusIcon />}>
            New customer
          </ButtonLink>
        </>
      }
    >
      <ViewTabs list={list} />
      <div className="customers-tools">
        <div className="customers-search">
          <SearchInput
            label="Search customers"
            placeholder="Name, e-mail, telephone, city, postcode…"
            value={list.keyword}
            onChange={list.setKeyword}
          />
        </div>
        <FilterBar list={list} />
        <SortMenu list={list} />
        <ColumnChooser columns={list.columns} order={list.order} onChange={list.setOrder} />
      </div>
      <ListProblems list={list} />
      {error && (
        <div className="customers-failure">
          <FailureView failure={asFailure(error)} onRetry={list.retry} />
        </div>
      )}
      <BulkBar list={list} selection={selection} rows={rows} total={total} />
      {isEmpty ? (
        <ListEmpty list={list} />
      ) : (
        !(error && !data) && (
          <Table
            label="Customers"
            columns={list.columns}
            order={list.order}
            rows={connection?.nodes}
            rowId={({ uuid }) => uuid}
            rowLabel={({ fullName }) => fullName}
            rowHref={({ uuid }) => customerPath(uuid)}
            sort={list.sort}
            onSort={list.setSort}
            selection={selection.selected}
            onSelection={selection.replace}
            isStale={isPlaceholderData}
            isEven
            hasShortcuts
          />
        )
      )}
      {connection && !(isEmpty && list.isFirstPage) && (
        <Pager {...list.pager(connection.pageInfo)}>
          {total !== undefined && `${total.toLocaleString('en')} ${total === 1 ? 'customer' : 'customers'}`}
        </Pager>
      )}
      {isExporting && <ExportDialog list={list} total={total} onClose={() => setExporting(false)} />}
    </Page>
  );
}
