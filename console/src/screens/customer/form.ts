import { draftOf, type FieldDraft, isSame } from './field-draft';
import { type FieldSpec, nameOf, specOf } from './field-spec';
import type { Customer, CustomerData, Definition } from './queries';

export type AddressForm = {
  /** The uuid, or `new-1` until it is saved. */
  id: string;
  fullName: string;
  telephone: string;
  address1: string;
  address2: string;
  postcode: string;
  city: string;
  province: string;
  country: string;
};
export type AddressProperty = Exclude<keyof AddressForm, 'id'>;

/** What the controls of the page contain. */
export type Form = {
  fullName: string;
  email: string;
  status: string;
  groupId: string;
  /** The custom fields by their names, such as `custom.loyalty`. */
  fields: Record<string, FieldDraft>;
  addresses: AddressForm[];
  /** The ID of an address, or empty. */
  defaultAddress: string;
};

/** A state of the customer on the server, and the versions that `If-Match` names. */
export type Snapshot = {
  customer: Customer;
  definitions: Definition[];
  specs: Map<string, FieldSpec>;
  form: Form;
  version: number;
  addressVersions: Record<string, number>;
};

/**
 * The properties of an address, with their names in the REST API, in the order of the form. Whether a postcode and a province
 * are required depends on the country: `isRequired` in address-format.ts.
 */
export const ADDRESS_PROPERTIES: { key: AddressProperty; rest: string; label: string; required?: boolean }[] = [
  { key: 'fullName', rest: 'full_name', label: 'Recipient', required: true },
  { key: 'country', rest: 'country', label: 'Country', required: true },
  { key: 'address1', rest: 'address_1', label: 'Street address', required: true },
  { key: 'address2', rest: 'address_2', label: 'Second line' },
  { key: 'postcode', rest: 'postcode', label: 'Postcode' },
  { key: 'city', rest: 'city', label: 'City' },
  { key: 'province', rest: 'province', label: 'Province' },
  { key: 'telephone', rest: 'telephone', label: 'Telephone' },
];

export const PROFILE_LABELS = { fullName: 'Name', email: 'E-mail address', status: 'Status', groupId: 'Group' } as const;
export type ProfileProperty = keyof typeof PROFILE_LABELS;
export const PROFILE = Object.keys(PROFILE_LABELS) as ProfileProperty[];

export const isNew = (address: AddressForm) => address.id.startsWith('new-');

let count = 0;
export const newAddress = (parts: Partial<AddressForm> = {}): AddressForm => ({
  ...Object.fromEntries(ADDRESS_PROPERTIES.map(({ key }) => [key, ''])),
  ...parts,
  id: `new-${++count}`,
}) as AddressForm;

function addressOf(address: Customer['addresses'][number]): AddressForm {
  return {
    id: address.uuid,
    fullName: address.fullName ?? '',
    telephone: address.telephone ?? '',
    address1: address.address1 ?? '',
    address2: address.address2 ?? '',
    postcode: address.postcode ?? '',
    city: address.city ?? '',
    province: address.province?.code ?? '',
    country: address.country?.code ?? '',
  };
}

export function snapshotOf(customer: Customer, definitions: Definition[]): Snapshot {
  const specs = new Map(definitions.map((definition) => [nameOf(definition), specOf(definition)]));
  const values = new Map(customer.metafields.map((field) => [nameOf(field), field.value]));
  const fields = Object.fromEntries([...specs].map(([name, spec]) => [name, draftOf(spec, values.get(name))]));
  return {
    customer,
    definitions,
    specs,
    version: customer.version,
    addressVersions: Object.fromEntries(customer.addresses.map(({ uuid, version }) => [uuid, version])),
    form: {
      fullName: customer.fullName,
      email: customer.email,
      status: String(customer.status),
      groupId: String(customer.group?.customerGroupId ?? ''),
      fields,
      addresses: customer.addresses.map(addressOf),
      defaultAddress: customer.addresses.find(({ isDefault }) => isDefault)?.uuid ?? '',
    },
  };
}

/** The state in a response; null if there is no such customer (any more). */
export const readSnapshot = (data: CustomerData) =>
  data.customer ? snapshotOf(data.customer, data.metafieldDefinitions) : null;

export const findAddress = (form: Form, id: string) => form.addresses.find((address) => address.id === id);

export const isSameAddress = (one: AddressForm | undefined, other: AddressForm | undefined) =>
  one === other || Boolean(one && other && ADDRESS_PROPERTIES.every(({ key }) => one[key] === other[key]));

/** The paths of what differs: `email`, `fields.custom.loyalty`, `addresses.UUID.city`, `addresses.UUID`, `defaultAddress`. */
export function differences(before: Form, after: Form): string[] {
  const paths: string[] = PROFILE.filter((key) => before[key] !== after[key]);
  for (const name of new Set([...Object.keys(before.fields), ...Object.keys(after.fields)])) {
    if (!isSame(before.fields[name], after.fields[name])) paths.push(`fields.${name}`);
  }
  for (const address of after.addresses) {
    const old = findAddress(before, address.id);
    if (!old) paths.push(`addresses.${address.id}`);
    else {
      const changed = ADDRESS_PROPERTIES.filter(({ key }) => old[key] !== address[key]);
      paths.push(...changed.map(({ key }) => `addresses.${address.id}.${key}`));
    }
  }
  const deleted = before.addresses.filter(({ id }) => !findAddress(after, id));
  paths.push(...deleted.map(({ id }) => `addresses.${id}`));
  if (before.defaultAddress !== after.defaultAddress) paths.push('defaultAddress');
  return paths;
}

/** The address that the server makes the default when the default is deleted: the newest of those that are left. */
export function successorOf(customer: Customer, left: AddressForm[]): string {
  const byAge = customer.addresses.toSorted((a, b) => b.customerAddressId - a.customerAddressId);
  return byAge.find(({ uuid }) => left.some(({ id }) => id === uuid))?.uuid ?? '';
}
