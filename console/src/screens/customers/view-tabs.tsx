import { useState } from 'react';
import { Button } from '../../components/button';
import { confirm } from '../../components/confirm';
import { BookmarkIcon, CheckIcon, ChevronDown, EditIcon, MoreIcon, PlusIcon, TrashIcon } from '../../components/icons';
import { Menu } from '../../components/popover';
import { Link, navigate } from '../../router';
import type { View } from './queries';
import type { CustomerList } from './use-list';
import { NewViewDialog, RenameViewDialog, UpdateView } from './view-dialog';
import { isChanged, queryOf, useDeleteView, viewPath } from './views';

/** So many views are tabs; the others are in a menu. */
const TABS = 4;

/** The saved views: all customers, the views of the admin, and what can be done with the current one. */
export function ViewTabs({ list }: { list: CustomerList }) {
  const { params } = list;
  const views = list.frame.views ?? [];
  const active = views.find(({ uuid }) => uuid === params.get('view'));
  const tabs = views.slice(0, TABS);
  if (active && !tabs.includes(active)) tabs.push(active);
  const others = views.filter((view) => !tabs.includes(view));
  const query = queryOf(params);
  const [dialog, setDialog] = useState<'save' | 'rename' | 'update' | null>(null);
  const close = () => setDialog(null);
  const changed = active ? isChanged(active, params) : list.isFiltered || params.has('sort');
  return (
    <div className="customers-views">
      <nav aria-label="Views">
        <ul>
          <li>
            <Link to="/customers" className="tab" aria-current={!active && !changed ? 'page' : undefined}>
              All customers
            </Link>
          </li>
          {tabs.map((view) => (
            <li key={view.uuid}>
              <Link to={viewPath(view)} className="tab" aria-current={view === active ? 'page' : undefined}>
                <bdi>{view.name}</bdi>
                {view === active && changed && (
                  <span className="customers-view-dot" title="Changed">
                    <span className="unseen">, changed</span>
                  </span>
                )}
              </Link>
              {view === active && <ViewMenu view={view} changed={changed} onDialog={setDialog} />}
            </li>
          ))}
          {others.length > 0 && (
            <li>
              <Menu
                label="More views"
                align="start"
                trigger={(props) => (
                  <button type="button" className="tab" {...props}>
                    More views <ChevronDown size={14} />
                  </button>
                )}
                items={others.map((view) => ({ label: <bdi>{view.name}</bdi>, icon: <BookmarkIcon />, to: viewPath(view) }))}
              />
            </li>
          )}
        </ul>
      </nav>
      {changed && (
        <Button small kind="plain" icon={<PlusIcon size={14} />} onClick={() => setDialog('save')}>
          Save {active ? 'as new ' : ''}view
        </Button>
      )}
      {dialog === 'save' && <NewViewDialog query={query} onClose={close} />}
      {dialog === 'rename' && active && <RenameViewDialog view={active} onClose={close} />}
      {dialog === 'update' && active && <UpdateView view={active} query={query} onClose={close} />}
    </div>
  );
}

function ViewMenu({
  view,
  changed,
  onDialog,
}: {
  view: View;
  changed: boolean;
  onDialog: (dialog: 'rename' | 'update') => void;
}) {
  const remove = useDeleteView(() => void navigate('/customers'));
  const askToDelete = async () => {
    const body = (
      <p>
        The view <bdi className="typed">{view.name}</bdi> is removed. No customer changes.
      </p>
    );
    if (await confirm({ title: 'Delete the view?', body, action: 'Delete', danger: true })) remove.run(view);
  };
  return (
    <Menu
      label={`View ${view.name}`}
      align="start"
      trigger={(props) => (
        <button type="button" className="icon-button customers-view-menu" aria-label={`Change the view ${view.name}`} {...props}>
          <MoreIcon />
        </button>
      )}
      items={[
        changed && { label: 'Update with what is shown', icon: <CheckIcon />, onSelect: () => onDialog('update') },
        changed && { label: 'Discard the changes', icon: <BookmarkIcon />, to: viewPath(view) },
        { label: 'Rename…', icon: <EditIcon />, onSelect: () => onDialog('rename') },
        'separator',
        { label: 'Delete…', icon: <TrashIcon />, danger: true, onSelect: () => void askToDelete() },
      ]}
    />
  );
}
