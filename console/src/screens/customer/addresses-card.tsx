import { useState } from 'react';
import { Button } from '../../components/button';
import { PlusIcon } from '../../components/icons';
import { AddressItem } from './address-item';
import { addressLabel } from './address-text';
import { type AddressForm, findAddress, newAddress } from './form';
import { focusAddress, useEditor } from './use-editor';

const MAX_ADDRESSES = 100;

/** The addresses: a line for each, which opens for editing. Deleted ones stay until they are saved, to be restored. */
export function AddressesCard() {
  const { state, editor } = useEditor();
  const { form, base, problems } = state;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string, isOpen: boolean) => {
    const next = new Set(open);
    if (isOpen) next.add(id);
    else next.delete(id);
    setOpen(next);
  };
  const add = () => {
    const address = newAddress({ fullName: form.fullName, country: form.addresses[0]?.country ?? '' });
    editor.addAddress(address);
    toggle(address.id, true);
    focusAddress(address.id);
  };
  const deleted = base.form.addresses.filter(({ id }) => !findAddress(form, id));
  const hasProblem = ({ id }: AddressForm) => Object.keys(problems).some((path) => path.startsWith(`addresses.${id}.`));
  const count = form.addresses.length;
  return (
    <section className="card" aria-labelledby="customer-addresses">
      <header className="card-header">
        <h2 id="customer-addresses">
          Addresses {count > 0 && <span className="customer-count">{count}</span>}
        </h2>
        <Button small icon={<PlusIcon size={14} />} disabled={count >= MAX_ADDRESSES} onClick={add}>
          Add address
        </Button>
      </header>
      {count + deleted.length === 0 && (
        <p className="card-body soft">No address yet. Orders and invoices of the shop use the addresses of this list.</p>
      )}
      <ul className="customer-addresses">
        {form.addresses.map((address) => (
          <AddressItem
            key={address.id}
            address={address}
            isDefault={form.defaultAddress === address.id}
            isOpen={open.has(address.id) || hasProblem(address)}
            onToggle={(isOpen) => toggle(address.id, isOpen)}
          />
        ))}
        {deleted.map((address) => (
          <li key={address.id} className="customer-address deleted">
            <div className="customer-address-line">
              <span className="customer-address-text">
                <del dir="auto">{addressLabel(address)}</del>
                <span className="soft"> will be deleted when you save</span>
              </span>
              <Button small onClick={() => editor.restoreAddress(address)}>
                Keep it
              </Button>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
