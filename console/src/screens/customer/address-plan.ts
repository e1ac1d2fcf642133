import { addressLabel } from './address-text';
import { ADDRESS_PROPERTIES, type AddressForm, findAddress, type Form, isNew, type Snapshot, successorOf } from './form';
import type { Step } from './step';

const restOf = (address: AddressForm, keys = ADDRESS_PROPERTIES) =>
  Object.fromEntries(keys.map(({ key, rest }) => [rest, address[key].trim() || null]));

/**
 * The requests for the addresses. The server changes the version of a second address in two cases: of the previous default
 * address, when another becomes the default, and of the newest address, when the default is deleted. So the addresses are
 * changed first, then deleted, the default last, then added, and the default is set at the end.
 */
export function addressSteps(base: Snapshot, form: Form): Step[] {
  const before = base.form;
  const deleted = before.addresses.filter(({ id }) => !findAddress(form, id));
  const oldDefault = deleted.find(({ id }) => id === before.defaultAddress);
  /** The default after the deletions. */
  const stored = oldDefault ? successorOf(base.customer, form.addresses) : before.defaultAddress;
  const next = form.defaultAddress === stored ? '' : form.defaultAddress;
  const isNext = ({ id }: AddressForm) => id === next;

  const kept = form.addresses.filter(({ id }) => findAddress(before, id));
  // If no address shall be the default, the deleted one must not have a successor.
  if (oldDefault && stored && !form.defaultAddress) kept.push(oldDefault);
  const changes = (addresses: AddressForm[]) => addresses.flatMap((address) => change(base, form, address, isNext(address)));
  const additions = (addresses: AddressForm[]) => addresses.map((address) => addition(address, isNext(address)));
  const last = (address: AddressForm) => Number(address === oldDefault);
  return [
    ...changes(kept.filter((address) => !isNext(address))),
    ...deleted.toSorted((a, b) => last(a) - last(b)).map((address) => deletion(base, address)),
    ...additions(form.addresses.filter((address) => isNew(address) && !isNext(address))),
    ...additions(form.addresses.filter((address) => isNew(address) && isNext(address))),
    ...changes(kept.filter(isNext)),
  ];
}

function change(base: Snapshot, form: Form, address: AddressForm, isDefault: boolean): Step[] {
  const { id } = address;
  const old = findAddress(base.form, id)!;
  const body: Record<string, unknown> = restOf(
    address,
    ADDRESS_PROPERTIES.filter(({ key }) => old[key] !== address[key]),
  );
  if (isDefault) body.is_default = true;
  if (!form.defaultAddress && id === base.form.defaultAddress) body.is_default = false;
  if (!Object.keys(body).length) return [];
  const label = `Address ${addressLabel(address)}`;
  return [{ id: `address:${id}`, kind: 'address', label, body, version: base.addressVersions[id], address, isDefault }];
}

function addition(address: AddressForm, isDefault: boolean): Step {
  const label = `New address ${addressLabel(address)}`;
  const body = { ...restOf(address), is_default: isDefault };
  return { id: `new:${address.id}`, kind: 'new-address', label, body, address, isDefault };
}

function deletion(base: Snapshot, address: AddressForm): Step {
  const { id } = address;
  const label = `Deletion of ${addressLabel(address)}`;
  return { id: `delete:${id}`, kind: 'delete-address', label, body: {}, version: base.addressVersions[id], address };
}
