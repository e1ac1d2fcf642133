import { Badge, Dot } from '../../components/badge';
import type { Column } from '../../components/column';
import { DateTime } from '../../components/date-time';
import { EditIcon, PersonIcon, PowerIcon, ShieldIcon } from '../../components/icons';
import { RowMenu } from '../../components/row-menu';
import type { Admin } from './queries';

type Parts = {
  ownUuid: string | undefined;
  onRename: (admin: Admin) => void;
  onDisable: (admin: Admin) => void;
  onEnable: (admin: Admin) => void;
  onReset: (admin: Admin) => void;
};

export const columnsOf = ({ ownUuid, onRename, onDisable, onEnable, onReset }: Parts): Column<Admin>[] => [
  {
    id: 'name',
    label: 'Name',
    width: 40,
    cell: ({ uuid, fullName, email }) => (
      <div className="admins-name">
        <p className="admins-title">
          <bdi className="truncate">{fullName}</bdi>
          {uuid === ownUuid && <Badge>You</Badge>}
        </p>
        <bdi className="truncate soft">{email}</bdi>
      </div>
    ),
  },
  {
    id: 'status',
    label: 'Status',
    width: 14,
    phone: 'plain',
    cell: ({ status }) => (status ? <Dot tone="good">Enabled</Dot> : <Dot tone="bad">Disabled</Dot>),
  },
  {
    id: 'factor',
    label: 'Second factor',
    width: 16,
    cell: ({ secondFactor, status }) =>
      secondFactor ? <Badge tone="good">On</Badge> : <Badge tone={status ? 'warn' : 'neutral'}>Off</Badge>,
  },
  {
    id: 'signed-in',
    label: 'Last sign-in',
    width: 16,
    cell: ({ lastSignInAt }) => <DateTime value={lastSignInAt} fallback="Never" />,
  },
  { id: 'created', label: 'Created', width: 16, cell: ({ createdAt }) => <DateTime value={createdAt} /> },
  {
    id: 'actions',
    label: 'Actions',
    isLabelHidden: true,
    align: 'end',
    width: 8,
    phone: 'corner',
    cell: (admin) => {
      const isOwn = admin.uuid === ownUuid;
      return (
        <RowMenu
          name={admin.fullName}
          items={[
            { label: 'Rename…', icon: <EditIcon />, onSelect: () => onRename(admin) },
            isOwn
              ? { label: 'Own account', icon: <PersonIcon />, to: '/account' }
              : {
                  label: 'Reset the second factor…',
                  icon: <ShieldIcon />,
                  disabled: !admin.secondFactor,
                  hint: admin.secondFactor ? undefined : 'off',
                  onSelect: () => onReset(admin),
                },
            !isOwn && 'separator',
            !isOwn &&
              (admin.status
                ? { label: 'Disable…', icon: <PowerIcon />, danger: true, onSelect: () => onDisable(admin) }
                : { label: 'Enable', icon: <PowerIcon />, onSelect: () => onEnable(admin) }),
          ]}
        />
      );
    },
  },
];
