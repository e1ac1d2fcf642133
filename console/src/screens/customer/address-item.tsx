import { Badge } from '../../components/badge';
import { Button, IconButton } from '../../components/button';
import { ChevronDown, TrashIcon } from '../../components/icons';
import { AddressFields } from './address-fields';
import { countryName } from './address-text';
import { type AddressForm, findAddress, isNew, isSameAddress } from './form';
import { focusAddress, useEditor } from './use-editor';

/** An address of the list: its text in two lines, and its fields while it is open. */
export function AddressItem({
  address,
  isDefault,
  isOpen,
  onToggle,
}: {
  address: AddressForm;
  isDefault: boolean;
  isOpen: boolean;
  onToggle: (isOpen: boolean) => void;
}) {
  const { editor, state } = useEditor();
  const { id } = address;
  const place = [address.postcode, address.city].filter(Boolean).join(' ');
  const second = [place, countryName(address.country), address.telephone].filter(Boolean);
  const isChanged = !isNew(address) && !isSameAddress(findAddress(state.base.form, id), address);
  const name = address.address1 || address.fullName || 'address';
  const remove = () => {
    editor.deleteAddress(id);
    document.getElementById('customer-addresses')?.closest('section')?.querySelector<HTMLElement>('.card-header button')?.focus();
  };
  return (
    <li className="customer-address" id={`address-${id}`}>
      <div className="customer-address-line">
        <button
          type="button"
          className="customer-address-toggle"
          aria-expanded={isOpen}
          aria-controls={`address-fields-${id}`}
          onClick={() => {
            onToggle(!isOpen);
            if (!isOpen) focusAddress(id);
          }}
        >
          <ChevronDown size={14} />
          <span className="customer-address-text">
            <span className="customer-address-title">
              <bdi>{address.address1 || (isNew(address) ? 'New address' : 'No street address')}</bdi>
            </span>
            <span className="soft customer-address-title">
              {second.map((part, at) => (
                <span key={at}>
                  {at > 0 && ' · '}
                  <bdi>{part}</bdi>
                </span>
              ))}
            </span>
          </span>
        </button>
        <span className="customer-address-marks">
          {isNew(address) ? <Badge tone="info">New</Badge> : isChanged && <Badge tone="info">Changed</Badge>}
          {isDefault && <Badge>Default</Badge>}
        </span>
        <IconButton label={`Delete ${name}`} onClick={remove}>
          <TrashIcon />
        </IconButton>
      </div>
      {isOpen && (
        <div className="customer-address-body" id={`address-fields-${id}`}>
          <AddressFields address={address} />
          <div className="row">
            <label className="customer-default">
              <input
                type="checkbox"
                checked={isDefault}
                onChange={(event) => editor.change({ defaultAddress: event.target.checked ? id : '' })}
              />
              Default address
            </label>
            <span className="space" />
            <Button small onClick={() => onToggle(false)}>
              Close
            </Button>
          </div>
        </div>
      )}
    </li>
  );
}
