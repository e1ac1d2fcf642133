import type { AddressForm } from './form';

/** An address in a few words, for messages. */
export const addressLabel = (address: AddressForm) =>
  [address.address1, address.postcode, address.city].filter(Boolean).join(', ') || address.fullName || 'without a text';

const regions = new Intl.DisplayNames(['en'], { type: 'region' });

/** The English name of a country, or its code. */
export function countryName(code: string): string {
  try {
    return (code && regions.of(code.toUpperCase())) || code;
  } catch {
    return code;
  }
}

/** An address as text, line by line. */
export const addressText = (address: AddressForm) =>
  [
    address.fullName,
    address.address1,
    address.address2,
    [address.postcode, address.city].filter(Boolean).join(' '),
    [address.province, countryName(address.country)].filter(Boolean).join(', '),
    address.telephone,
  ]
    .filter(Boolean)
    .join('\n');
