import { Badge } from '../../components/badge';
import type { Column } from '../../components/column';
import { EditIcon, TrashIcon } from '../../components/icons';
import { RowMenu } from '../../components/row-menu';
import { Link } from '../../router';
import { Count } from './counts';
import { DEFAULT_GROUP, type Group } from './queries';

export const customersOf = ({ customerGroupId }: Group) => `/customers?group=${customerGroupId}`;

type Parts = {
  onRename: (group: Group) => void;
  onDelete: (group: Group) => void;
};

export const columnsOf = ({ onRename, onDelete }: Parts): Column<Group>[] => [
  {
    id: 'name',
    label: 'Name',
    width: 60,
    cell: (group) => (
      <span className="groups-name">
        <Link to={customersOf(group)} className="truncate" dir="auto">
          {group.groupName}
        </Link>
        {group.customerGroupId === DEFAULT_GROUP && <Badge>For new customers</Badge>}
      </span>
    ),
  },
  {
    id: 'customers',
    label: 'Customers',
    align: 'end',
    width: 14,
    cell: ({ customerGroupId }) => <Count id={customerGroupId} />,
  },
  { id: 'id', label: 'ID', align: 'end', width: 10, cell: ({ customerGroupId }) => customerGroupId },
  {
    id: 'actions',
    label: 'Actions',
    isLabelHidden: true,
    align: 'end',
    width: 8,
    phone: 'corner',
    cell: (group) => {
      const isDefault = group.customerGroupId === DEFAULT_GROUP;
      return (
        <RowMenu
          name={group.groupName}
          items={[
            { label: 'Rename…', icon: <EditIcon />, onSelect: () => onRename(group) },
            {
              label: 'Delete…',
              icon: <TrashIcon />,
              danger: !isDefault,
              disabled: isDefault,
              hint: isDefault ? 'default group' : undefined,
              onSelect: () => onDelete(group),
            },
          ]}
        />
      );
    },
  },
];
