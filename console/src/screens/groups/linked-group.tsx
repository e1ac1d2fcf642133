import { asFailure } from '../../api/failure';
import { useGraphql } from '../../api/graphql';
import { Button } from '../../components/button';
import { Dialog } from '../../components/dialog';
import { FailureView } from '../../components/failure-view';
import { SkeletonLines } from '../../components/skeleton';
import { navigate } from '../../router';
import { RenameDialog } from './group-dialog';
import { GroupById } from './queries';

/** The dialog of the group that a link names, such as the editUrl of the API. */
export function LinkedGroup({ id }: { id: string }) {
  const isNumber = /^\d{1,9}$/.test(id);
  const { data, error, refetch } = useGraphql(GroupById, { id: Number(id) }, { enabled: isNumber });
  const close = () => void navigate('/customer-groups', { replace: true, force: true });
  const group = data?.customerGroup;
  if (group) return <RenameDialog group={group} onClose={close} />;
  const isGone = !isNumber || data;
  return (
    <Dialog open size="small" title={isGone ? 'There is no such group' : 'Group'} onClose={close} footer={<Button onClick={close}>All groups</Button>}>
      {error ? (
        <FailureView failure={asFailure(error)} onRetry={() => void refetch()} />
      ) : isGone ? (
        <p className="prose">It may have been deleted. Its customers are then in the default group.</p>
      ) : (
        <SkeletonLines lines={2} />
      )}
    </Dialog>
  );
}
