import type { ResultOf } from '../../api/graphql';
import { Badge, Dot } from '../../components/badge';
import type { Column } from '../../components/column';
import { DateTime } from '../../components/date-time';
import { Link } from '../../router';
import { FieldValue } from './field-value';
import type { CustomerRows, Definition } from './queries';

export type CustomerRow = ResultOf<typeof CustomerRows>['customersConnection']['nodes'][number];

export const customerPath = (uuid: string) => `/customers/edit/${uuid}`;

/** The columns besides custom fields. Their ids are also the names in `sort` and `columns` of the URL. */
export const COLUMNS: Column<CustomerRow>[] = [
  {
    id: 'name',
    label: 'Name',
    isFixed: true,
    isSortable: true,
    width: 26,
    cell: (row) => (
      <Link to={customerPath(row.uuid)} className="truncate" dir="auto" title={row.fullName}>
        {row.fullName}
      </Link>
    ),
  },
  {
    id: 'email',
    label: 'E-mail',
    isSortable: true,
    width: 30,
    phone: 'line',
    cell: (row) => (
      <span className="truncate" title={row.email}>
        <bdi>{row.email}</bdi>
      </span>
    ),
  },
  {
    id: 'status',
    label: 'Status',
    isSortable: true,
    width: 12,
    phone: 'plain',
    cell: (row) => (row.status ? <Dot tone="good">Enabled</Dot> : <Badge tone="bad">Disabled</Badge>),
  },
  {
    id: 'verified',
    label: 'Verified',
    isSortable: true,
    isDescendingFirst: true,
    width: 17,
    phone: 'plain',
    cell: (row) => (row.emailVerifiedAt ? <Dot tone="good">Verified</Dot> : <Dot>Not verified</Dot>),
  },
  {
    id: 'group',
    label: 'Group',
    isSortable: true,
    width: 14,
    cell: (row) => (
      <bdi className="truncate" title={row.group?.groupName}>
        {row.group?.groupName ?? '–'}
      </bdi>
    ),
  },
  {
    id: 'created',
    label: 'Registered',
    isSortable: true,
    isDescendingFirst: true,
    width: 15,
    cell: (row) => <DateTime value={row.createdAt} />,
  },
  {
    id: 'signed_in',
    label: 'Last sign-in',
    isSortable: true,
    isDescendingFirst: true,
    width: 15,
    cell: (row) => <DateTime value={row.lastSignInAt} fallback="Never" />,
  },
  {
    id: 'updated',
    label: 'Last change',
    isSortable: true,
    isDescendingFirst: true,
    width: 15,
    cell: (row) => <DateTime value={row.updatedAt} />,
  },
  { id: 'addresses', label: 'Addresses', align: 'end', width: 11, cell: (row) => row.addressCount ?? '' },
  { id: 'number', label: 'ID', align: 'end', isSortable: true, isDescendingFirst: true, width: 9, cell: (row) => row.customerId },
];

export const INITIAL_COLUMNS = ['name', 'email', 'status', 'verified', 'group', 'created', 'signed_in'];

export const SORT_FIELDS = {
  name: 'FULL_NAME',
  email: 'EMAIL',
  status: 'STATUS',
  verified: 'EMAIL_VERIFIED_AT',
  group: 'GROUP_ID',
  created: 'CREATED_AT',
  signed_in: 'LAST_SIGN_IN_AT',
  updated: 'UPDATED_AT',
  number: 'CUSTOMER_ID',
} as const;

/** All columns, with one for each custom field: `custom.loyalty`. */
export function columnsOf(definitions: Definition[] | undefined): Column<CustomerRow>[] {
  const fields = (definitions ?? []).map((definition): Column<CustomerRow> => {
    const { namespace, key, name, type } = definition;
    return {
      id: `${namespace}.${key}`,
      label: name,
      width: 18,
      align: type === 'integer' || type === 'number' ? 'end' : undefined,
      cell: (row) => {
        const field = row.metafields?.find((each) => each.namespace === namespace && each.key === key);
        return <FieldValue type={type} value={field?.value} />;
      },
    };
  });
  return [...COLUMNS, ...fields];
}
