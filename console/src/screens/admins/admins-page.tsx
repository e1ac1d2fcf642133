import { useMemo, useState } from 'react';
import { asFailure } from '../../api/failure';
import { useGraphql } from '../../api/graphql';
import { useSession } from '../../api/session';
import { Button } from '../../components/button';
import { FailureView } from '../../components/failure-view';
import { PlusIcon, WarningIcon } from '../../components/icons';
import { Pager, useCursor } from '../../components/pager';
import { Table } from '../../components/table';
import { useStable } from '../../components/use-stable';
import { useSearch } from '../../router';
import { Page } from '../../shell/page';
import { useShortcut } from '../../shell/shortcuts';
import './admins.css';
import { columnsOf } from './columns';
import { NewAdminDialog } from './new-admin-dialog';
import { type Admin, AdminList } from './queries';
import { RenameDialog } from './rename-dialog';
import { useAdminActions } from './use-actions';

/** The people and scripts that may use the console. */
export default function AdminsPage() {
  const { account } = useSession();
  const [params, change] = useSearch();
  const [renamed, setRenamed] = useState<Admin | null>(null);
  const { variables, pager } = useCursor(50);
  const { data, error, isPlaceholderData, refetch } = useGraphql(AdminList, variables, { keepPrevious: true });
  const { disable, enable, reset } = useAdminActions();
  const onDisable = useStable((admin: Admin) => void disable(admin));
  const onEnable = useStable(enable);
  const onReset = useStable((admin: Admin) => void reset(admin));
  const ownUuid = account?.uuid;
  const columns = useMemo(
    () => columnsOf({ ownUuid, onRename: setRenamed, onDisable, onEnable, onReset }),
    [ownUuid, onDisable, onEnable, onReset],
  );
  const openNew = () => change((next) => next.set('new', ''));
  useShortcut('n', 'New admin', openNew);
  const connection = data?.admins;
  const without = data?.overview.adminsWithoutSecondFactor ?? 0;
  const isRequired = connection?.nodes.some((admin) => admin.secondFactorRequired);

  return (
    <Page
      title="Admins"
      description="Who can sign in here. What an admin changes is in the audit trail with their name."
      actions={
        <Button kind="primary" icon={<PlusIcon />} onClick={openNew}>
          New admin
        </Button>
      }
    >
      {without > 0 && (
        <div className="notice warn admins-notice">
          <WarningIcon />
          <p className="notice-text">
            {without === 1 ? 'One admin has' : `${without} admins have`} no second factor.{' '}
            {isRequired ? (
              'It is required: at the next sign-in they have to set it up first.'
            ) : (
              <>
                Each sets it up in “Own account”. The setting <code>PATRON_ADMIN_SECOND_FACTOR=required</code> requires one of every admin.
              </>
            )}
          </p>
        </div>
      )}
      {error && <FailureView failure={asFailure(error)} onRetry={() => void refetch()} />}
      {!(error && !connection) && (
        <Table label="Admins" columns={columns} rows={connection?.nodes} rowId={({ uuid }) => uuid} isStale={isPlaceholderData} hasShortcuts />
      )}
      {connection && (
        <Pager {...pager(connection.pageInfo)}>
          {data.overview.admins} enabled {data.overview.admins === 1 ? 'admin' : 'admins'}
        </Pager>
      )}
      {params.has('new') && <NewAdminDialog onClose={() => change((next) => next.delete('new'))} />}
      {renamed && <RenameDialog key={renamed.uuid} admin={renamed} onClose={() => setRenamed(null)} />}
    </Page>
  );
}
