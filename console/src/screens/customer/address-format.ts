import type { AddressForm, AddressProperty } from './form';
import type { CountryFormat } from './queries';

/** The kinds of postcodes and provinces that the API names. */
const LABELS: Record<string, string> = {
  postal: 'Postcode',
  zip: 'ZIP code',
  pin: 'PIN code',
  eircode: 'Eircode',
  province: 'Province',
  area: 'Area',
  county: 'County',
  department: 'Department',
  district: 'District',
  do_si: 'Do/Si',
  emirate: 'Emirate',
  island: 'Island',
  oblast: 'Oblast',
  parish: 'Parish',
  prefecture: 'Prefecture',
  state: 'State',
};

type Property = { key: AddressProperty; label: string; required?: boolean };

/** The format of the address's country, if it is known and loaded. */
export const formatOf = (address: AddressForm, countries: CountryFormat[] | undefined) =>
  countries?.find(({ code }) => code === address.country);

/** The label of a property, as the country of the address calls it. */
export function labelIn(format: CountryFormat | undefined, { key, label }: Property): string {
  const kind = key === 'postcode' ? format?.postcodeLabel : key === 'province' ? format?.provinceLabel : null;
  return (kind && LABELS[kind]) || label;
}

/**
 * Whether an address needs a property. Without a country it needs a postcode and a province. While the countries are not
 * loaded, only the server knows.
 */
export function isRequired(address: AddressForm, format: CountryFormat | undefined, { key, required }: Property): boolean {
  if (key === 'postcode') return format ? format.postcodeRequired : !address.country;
  if (key === 'province') return format ? format.provinceRequired : !address.country;
  return Boolean(required);
}
