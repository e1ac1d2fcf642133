import { useEffect, useState } from 'react';
import { useGraphql } from '../../api/graphql';
import { asFailure } from '../../api/failure';
import type { Group } from '../../api/groups';
import { Button } from '../../components/button';
import { Dialog, DialogButtons } from '../../components/dialog';
import { FailureView } from '../../components/failure-view';
import { Field, Select, TextInput } from '../../components/field';
import { ACTIONS, type BulkAction, type BulkResult, customersOf, MOST, type Target, useBulkAction } from './bulk';
import { BulkProgress } from './bulk-progress';
import { BulkReport } from './bulk-report';
import { CustomerTotal } from './queries';

type Props = {
  action: BulkAction;
  target: Target;
  groups: Group[];
  names: ReadonlyMap<string, string>;
  onClose: () => void;
  /** Called with the customers that failed. */
  onDone: (failed: string[]) => void;
};

/** A bulk action: first the number of customers, then the progress, then a result for each customer. */
export function BulkDialog({ action, target: initial, groups, names, onClose, onDone }: Props) {
  const words = ACTIONS[action];
  const [target, setTarget] = useState(initial);
  const [group, setGroup] = useState(String(groups[0]?.customerGroupId ?? ''));
  const [typed, setTyped] = useState('');
  const [report, setReport] = useState<BulkResult | null>(null);
  const bulk = useBulkAction();
  const byFilter = !('uuids' in target);
  // Counted when the dialog opens: the list may have changed since.
  const counting = useGraphql(CustomerTotal, { filter: byFilter ? target.filter : undefined }, { enabled: byFilter, staleTime: 0 });
  const isCounting = byFilter && counting.isFetching;
  const count = byFilter ? counting.data?.customersConnection.totalCount : target.uuids.length;
  const phrase = `delete ${customersOf(count ?? 0)}`;
  const isConfirmed = action !== 'delete' || typed.trim().toLowerCase() === phrase;
  const isPossible = count !== undefined && count > 0 && count <= MOST && !isCounting && isConfirmed;

  const { result } = bulk;
  useEffect(() => {
    if (!result) return;
    setReport(result);
    onDone(result.results.filter((row) => row.result === 'failed').map(({ uuid }) => uuid));
    // Once for each result.
  }, [result]);

  const run = (next: Target, size: number) => {
    setTarget(next);
    bulk.run({ action, target: next, count: size, group: action === 'set_group' ? Number(group) : undefined });
  };
  if (report && !bulk.isPending) {
    return (
      <BulkReport
        report={report}
        names={names}
        failure={bulk.failure}
        onRetry={(uuids) => run({ uuids }, uuids.length)}
        onClose={onClose}
      />
    );
  }
  if (bulk.isPending) {
    return <BulkProgress title={`${words.doing} ${customersOf(count ?? 0)}…`} isPaused={bulk.isPaused} />;
  }
  const isOutdated = byFilter && bulk.failure?.code === 'conflict';
  return (
    <Dialog
      open
      size="small"
      title={count === undefined ? 'Counting…' : `${words.verb} ${customersOf(count)}?`}
      onClose={onClose}
      onSubmit={() => isPossible && run(target, count)}
      footer={<DialogButtons action={words.label.replace('…', '')} danger={words.danger} disabled={!isPossible} onCancel={onClose} />}
    >
      {counting.error && !counting.data && <FailureView failure={asFailure(counting.error)} onRetry={() => void counting.refetch()} />}
      {bulk.failure && <FailureView failure={bulk.failure} />}
      {isOutdated && (
        <div className="row">
          <Button
            small
            onClick={() => {
              bulk.reset();
              void counting.refetch();
            }}
          >
            Count again
          </Button>
        </div>
      )}
      {count !== undefined && count > MOST ? (
        <p className="notice warn">
          At most {MOST.toLocaleString('en')} customers are changed at once. Narrow the filter, for example by the day of the
          registration, and repeat the action for each part.
        </p>
      ) : (
        <p className="prose">{words.effect}</p>
      )}
      {byFilter && <p className="soft">These are all customers that the current search and filters find.</p>}
      {action === 'set_group' && (
        <Field label="New group" error={bulk.failure?.field('group_id')}>
          <Select
            data-first
            value={group}
            onChange={(event) => setGroup(event.target.value)}
            choices={groups.map(({ customerGroupId, groupName }) => ({ value: String(customerGroupId), label: groupName }))}
          />
        </Field>
      )}
      {action === 'delete' && count !== undefined && count <= MOST && (
        <Field
          label={
            <>
              Type <span className="typed">{phrase}</span> to confirm
            </>
          }
        >
          <TextInput data-first autoComplete="off" autoCapitalize="none" spellCheck={false} value={typed} onChange={(event) => setTyped(event.target.value)} />
        </Field>
      )}
    </Dialog>
  );
}
