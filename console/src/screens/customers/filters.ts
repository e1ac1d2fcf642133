import type { CustomerFilter } from '../../api/generated/graphql';
import { type Group, MOST_GROUPS } from '../../api/groups';
import { readField } from './field-filters';
import { type Filter, text } from './filter';
import { dateCondition, shownDates } from './filter-dates';
import type { Definition } from './queries';

export type Known = { groups?: Group[]; definitions?: Definition[]; countryNames?: Map<string, string> };

/** The names in the URL that do not stand for filters. */
const OTHERS = new Set(['q', 'sort', 'columns', 'view', 'after', 'before']);

type Read = (values: string[], known: Known) => { text: string; condition: CustomerFilter } | null;

const one = (read: (value: string) => { text: string; condition: CustomerFilter } | null): Read =>
  ([first, ...more]) => (first && !more.length ? read(first) : null);

const dates = (field: 'createdAt' | 'lastSignInAt') =>
  one((value) => {
    if (field === 'lastSignInAt' && value === 'never') {
      return { text: 'never', condition: { not: { lastSignInAt: { gt: '0001-01-01T00:00:00.000Z' } } } };
    }
    const condition = dateCondition(value);
    return condition && { text: shownDates(value), condition: { [field]: condition } };
  });

const address = (field: 'city' | 'postcode', compare: 'contains' | 'startsWith') =>
  one((value) => ({ text: value, condition: { address: { [field]: { [compare]: value } } } }));

/** The filters besides those by custom fields. */
export const FIELDS: { param: string; label: string; read: Read }[] = [
  {
    param: 'status',
    label: 'Status',
    read: one((value) =>
      value === '1' || value === '0'
        ? { text: value === '1' ? 'enabled' : 'disabled', condition: { status: { eq: Number(value) } } }
        : null,
    ),
  },
  {
    param: 'group',
    label: 'Group',
    read: (values, { groups }) => {
      if (!values.every((value) => /^\d{1,9}$/.test(value))) return null;
      const name = (id: string) => groups?.find((group) => String(group.customerGroupId) === id)?.groupName;
      return {
        // The list of groups is complete if it is shorter than the most that are loaded.
        text: text(values, (id) => name(id) ?? (groups && groups.length < MOST_GROUPS ? `deleted group ${id}` : `group ${id}`)),
        condition: { groupId: { in: values.map(Number) } },
      };
    },
  },
  {
    param: 'verified',
    label: 'E-mail verified',
    read: one((value) => (value === 'yes' || value === 'no' ? { text: value, condition: { emailVerified: value === 'yes' } } : null)),
  },
  { param: 'created', label: 'Registered', read: dates('createdAt') },
  { param: 'signed_in', label: 'Last sign-in', read: dates('lastSignInAt') },
  {
    param: 'country',
    label: 'Country',
    read: (values, { countryNames }) =>
      values.every((value) => /^[A-Z]{2}$/.test(value))
        ? {
            text: text(values, (code) => countryNames?.get(code)),
            condition: { address: { country: { in: values } } },
          }
        : null,
  },
  { param: 'city', label: 'City', read: address('city', 'contains') },
  { param: 'postcode', label: 'Postcode', read: address('postcode', 'startsWith') },
];

/** The filters of the URL in their order, also those that can't be applied. */
export function readFilters(params: URLSearchParams, known: Known): Filter[] {
  return [...new Set(params.keys())]
    .filter((param) => !OTHERS.has(param))
    .map((param) => {
      const values = params.getAll(param);
      if (/^field\.[^.]+\.[^.]+$/.test(param)) return readField(param, values, known.definitions);
      const field = FIELDS.find((each) => each.param === param);
      if (!field) return { param, values, label: param, text: text(values), problem: 'There is no such filter.' };
      const read = field.read(values, known);
      const filter = { param, values, label: field.label };
      return read ? { ...filter, ...read } : { ...filter, text: text(values), problem: 'This value is not valid.' };
    });
}

/** All conditions together, and the keyword. Conditions on addresses are met by the same address. */
export function toCustomerFilter(keyword: string, filters: Filter[]): CustomerFilter | undefined {
  const conditions = filters.flatMap(({ condition }) => condition ?? []);
  const addresses = conditions.flatMap(({ address: part }) => part ?? []);
  const and = conditions.filter(({ address: part }) => !part);
  if (addresses.length) and.push({ address: Object.assign({}, ...addresses) });
  if (keyword) and.push({ keyword });
  return and.length > 1 ? { and } : and[0];
}
