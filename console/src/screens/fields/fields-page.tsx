import { useMemo, useState } from 'react';
import { asFailure } from '../../api/failure';
import { useGraphql } from '../../api/graphql';
import { Button } from '../../components/button';
import { EmptyState } from '../../components/empty-state';
import { FailureView } from '../../components/failure-view';
import { FieldsIcon, OrderIcon, PlusIcon } from '../../components/icons';
import { Table } from '../../components/table';
import { useStable } from '../../components/use-stable';
import { useSearch } from '../../router';
import { Page } from '../../shell/page';
import { useShortcut } from '../../shell/shortcuts';
import { columnsOf, pathOf } from './columns';
import { FieldDialog } from './field-dialog';
import './fields.css';
import { OrderDialog } from './order-dialog';
import { FieldDefinitions, MOST } from './queries';
import { useDelete } from './use-delete';

/** The custom fields of customers in their order. `?edit=` in the URL opens the dialog of a field, `?new` that of a new one. */
export default function FieldsPage() {
  const [params, change] = useSearch();
  const [isOrdering, setOrdering] = useState(false);
  const { data, error, refetch } = useGraphql(FieldDefinitions, {});
  const definitions = data?.metafieldDefinitions;
  const remove = useStable(useDelete());
  const columns = useMemo(() => columnsOf((definition) => void remove(definition)), [remove]);
  const edited = params.get('edit');
  const openNew = () => change((next) => next.set('new', ''));
  const close = () =>
    change((next) => {
      next.delete('edit');
      next.delete('new');
    });
  useShortcut('n', 'New field', openNew);
  const isFull = definitions !== undefined && definitions.length >= MOST;
  const create = (
    <Button kind="primary" icon={<PlusIcon />} disabled={isFull} onClick={openNew}>
      New field
    </Button>
  );

  return (
    <Page
      title="Custom fields"
      description="What your shop knows about a customer besides name, e-mail and addresses. They are on the page of each customer, in filters, in exports and in the API."
      actions={
        <>
          {definitions && definitions.length > 1 && (
            <Button icon={<OrderIcon />} onClick={() => setOrdering(true)}>
              Change the order
            </Button>
          )}
          {definitions?.length !== 0 && create}
        </>
      }
    >
      {isFull && <p className="notice warn fields-full">There are {MOST} fields, which is the limit. Delete one to add another.</p>}
      {error && <FailureView failure={asFailure(error)} onRetry={() => void refetch()} />}
      {definitions?.length === 0 ? (
        <EmptyState icon={<FieldsIcon size={26} />} title="No custom fields yet" action={create}>
          Add what you need to know about customers: a loyalty level, a number of your ERP, a birthday, a VAT ID. You choose the type, the
          rules, and whether customers see it.
        </EmptyState>
      ) : (
        !(error && !definitions) && (
          <Table label="Custom fields" columns={columns} rows={definitions} rowId={({ uuid }) => uuid} rowHref={pathOf} hasShortcuts />
        )
      )}
      {params.has('new') && definitions && <FieldDialog definitions={definitions} onClose={close} />}
      {edited && definitions && (
        <FieldDialog
          key={edited}
          definitions={definitions}
          definition={definitions.find(({ uuid }) => uuid === edited) ?? null}
          onClose={close}
        />
      )}
      {isOrdering && definitions && <OrderDialog definitions={definitions} onClose={() => setOrdering(false)} />}
    </Page>
  );
}
