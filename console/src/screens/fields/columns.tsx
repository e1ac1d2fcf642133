import { Badge, Dot } from '../../components/badge';
import type { Column } from '../../components/column';
import { EditIcon, TrashIcon } from '../../components/icons';
import { RowMenu } from '../../components/row-menu';
import { Link } from '../../router';
import { type Definition, nameOf } from './queries';
import { rulesText } from './rule-text';
import { typeLabel } from './types';

/** The definition's dialog is in the URL, so that a link opens it. */
export const pathOf = ({ uuid }: Definition) => `/fields?edit=${uuid}`;

export const columnsOf = (onDelete: (definition: Definition) => void): Column<Definition>[] => [
  {
    id: 'name',
    label: 'Name',
    width: 34,
    cell: (definition) => (
      <>
        <Link to={pathOf(definition)} className="truncate" dir="auto">
          {definition.name}
        </Link>
        <code className="truncate fields-key">{nameOf(definition)}</code>
      </>
    ),
  },
  {
    id: 'type',
    label: 'Type',
    width: 18,
    cell: ({ type, isList }) => (
      <>
        {typeLabel(type)}
        {isList && <span className="soft">, list</span>}
      </>
    ),
  },
  {
    id: 'rules',
    label: 'Rules',
    width: 34,
    phone: 'line',
    cell: ({ validations, subFields, required }) => {
      const text = rulesText(validations, subFields);
      if (!text && !required) return null;
      return (
        <span className="truncate" dir="auto" title={text}>
          {required && <Badge tone="info">Required</Badge>} {text}
        </span>
      );
    },
  },
  {
    id: 'customer',
    label: 'Customer',
    width: 22,
    phone: 'plain',
    cell: ({ visibleToCustomer }) =>
      visibleToCustomer ? <Dot tone="good">Sees and sets it</Dot> : <Dot>Admins only</Dot>,
  },
  {
    id: 'actions',
    label: 'Actions',
    isLabelHidden: true,
    align: 'end',
    width: 8,
    phone: 'corner',
    cell: (definition) => (
      <RowMenu
        name={definition.name}
        items={[
          { label: 'Edit…', icon: <EditIcon />, to: pathOf(definition) },
          { label: 'Delete…', icon: <TrashIcon />, danger: true, onSelect: () => onDelete(definition) },
        ]}
      />
    ),
  },
];
