import { useMemo, useState } from 'react';
import { asFailure } from '../../api/failure';
import { useGraphql } from '../../api/graphql';
import { Button } from '../../components/button';
import { EmptyState } from '../../components/empty-state';
import { FailureView } from '../../components/failure-view';
import { PlusIcon, SearchIcon, TagIcon } from '../../components/icons';
import { Pager } from '../../components/pager';
import { SearchInput } from '../../components/search-input';
import { Table } from '../../components/table';
import { useStable } from '../../components/use-stable';
import { useParams, useSearch } from '../../router';
import { Page } from '../../shell/page';
import { useShortcut } from '../../shell/shortcuts';
import { columnsOf, customersOf } from './columns';
import { NewGroupDialog, RenameDialog } from './group-dialog';
import { Counts } from './counts';
import './groups.css';
import { LinkedGroup } from './linked-group';
import { filtersOf, type Group, GroupList, PAGE_SIZE, useCounts } from './queries';
import { useDelete } from './use-delete';

const NONE: Group[] = [];

/** The groups of customers, by name. With an ID in the path, the dialog of that group is open. */
export default function GroupsPage() {
  const { id } = useParams();
  const [params, change] = useSearch();
  const name = params.get('q') ?? '';
  const page = Math.max(1, Number.parseInt(params.get('page') ?? '') || 1);
  const [renamed, setRenamed] = useState<Group | null>(null);
  const [isNew, setNew] = useState(false);
  const { data, error, isPlaceholderData, refetch } = useGraphql(
    GroupList,
    { filters: filtersOf(name, page) },
    { keepPrevious: true },
  );
  const groups = data?.customerGroups.items;
  const counts = useCounts((groups ?? NONE).map(({ customerGroupId }) => customerGroupId));
  const ask = useDelete();
  const onDelete = useStable((group: Group) => void ask(group, counts?.get(group.customerGroupId)));
  const columns = useMemo(() => columnsOf({ onRename: setRenamed, onDelete }), [onDelete]);
  useShortcut('n', 'New group', () => setNew(true));
  const go = (to: number) => change((next) => (to > 1 ? next.set('page', String(to)) : next.delete('page')));
  const total = data?.customerGroups.total ?? 0;

  return (
    <Page
      title="Groups"
      description="A group sorts customers, for example by prices or by contract. Every customer is in one group; new ones are in the default group."
      actions={
        <Button kind="primary" icon={<PlusIcon />} onClick={() => setNew(true)}>
          New group
        </Button>
      }
    >
      {(total > 10 || name) && (
        <div className="groups-search">
          <SearchInput
            label="Search groups"
            placeholder="Name"
            value={name}
            onChange={(text) =>
              change(
                (next) => {
                  next.delete('page');
                  if (text.trim()) next.set('q', text.trim());
                  else next.delete('q');
                },
                { replace: true },
              )
            }
          />
        </div>
      )}
      {error && <FailureView failure={asFailure(error)} onRetry={() => void refetch()} />}
      {groups?.length === 0 ? (
        name ? (
          <EmptyState icon={<SearchIcon size={26} />} title="No group has this in its name">
            Try a part of the name, or clear the search.
          </EmptyState>
        ) : (
          <EmptyState icon={<TagIcon size={26} />} title="There are no groups on this page" action={<Button onClick={() => go(1)}>First page</Button>}>
            The list became shorter in the meantime.
          </EmptyState>
        )
      ) : (
        !(error && !groups) && (
          <Counts value={counts}>
            <Table
              label="Groups"
              columns={columns}
              rows={groups}
              rowId={({ uuid }) => uuid}
              rowHref={customersOf}
              isStale={isPlaceholderData}
              hasShortcuts
            />
          </Counts>
        )
      )}
      {groups && (
        <Pager hasNext={page * PAGE_SIZE < total} hasPrevious={page > 1} onNext={() => go(page + 1)} onPrevious={() => go(page - 1)}>
          {total.toLocaleString('en')} {total === 1 ? 'group' : 'groups'}
        </Pager>
      )}
      {isNew && <NewGroupDialog onClose={() => setNew(false)} />}
      {renamed && <RenameDialog key={renamed.uuid} group={renamed} onClose={() => setRenamed(null)} />}
      {id !== undefined && <LinkedGroup id={id} />}
    </Page>
  );
}
