import { addressLabel, addressText, countryName } from './address-text';
import { type FieldDraft, textOf } from './field-draft';
import { ADDRESS_PROPERTIES, type AddressForm, findAddress, PROFILE_LABELS, type ProfileProperty, type Snapshot } from './form';

/** What texts are made from: the states in which an address can be, and the names of groups. */
export type Names = { states: { base: Snapshot; forms: Snapshot['form'][] }; groups?: { customerGroupId: number; groupName: string }[] };

const addressOf = ({ states }: Names, id: string) =>
  states.forms.map((form) => findAddress(form, id)).find((address) => address !== undefined);

function parts(path: string) {
  const [, id = '', property] = /^addresses\.([^.]+)(?:\.(\w+))?$/.exec(path) ?? [];
  return { id, property: ADDRESS_PROPERTIES.find(({ key }) => key === property) };
}

/** What is at a path, for people: "Name", "Points", "City of Rynek Główny 1". */
export function labelOfPath(names: Names, path: string): string {
  if (path in PROFILE_LABELS) return PROFILE_LABELS[path as ProfileProperty];
  if (path === 'defaultAddress') return 'Default address';
  if (path.startsWith('fields.')) {
    const name = path.slice('fields.'.length);
    return names.states.base.specs.get(name)?.label ?? name;
  }
  const { id, property } = parts(path);
  const address = addressOf(names, id);
  const label = address ? addressLabel(address) : 'deleted address';
  return property ? `${property.label} – ${label}` : `Address – ${label}`;
}

/** The value at a path as text. */
export function textOfPath(names: Names, path: string, value: FieldDraft | AddressForm | null): string {
  if (value === null) return 'deleted';
  if (path.startsWith('fields.')) {
    const spec = names.states.base.specs.get(path.slice('fields.'.length));
    return spec ? textOf(spec, value as FieldDraft) : String(value);
  }
  if (typeof value === 'object') return addressText(value as AddressForm);
  switch (path) {
    case 'status':
      return value === '1' ? 'Enabled' : 'Disabled';
    case 'groupId':
      return names.groups?.find(({ customerGroupId }) => String(customerGroupId) === value)?.groupName ?? groupText(names, value);
    case 'defaultAddress': {
      const address = addressOf(names, value);
      return address ? addressLabel(address) : '';
    }
    default:
      return parts(path).property?.key === 'country' ? countryName(value) : value;
  }
}

function groupText({ states }: Names, id: string): string {
  const { group } = states.base.customer;
  return String(group?.customerGroupId) === id ? group!.groupName : id && `Group ${id}`;
}
