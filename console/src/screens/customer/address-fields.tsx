import { Field, Select, TextInput } from '../../components/field';
import { formatOf, isRequired, labelIn } from './address-format';
import { ADDRESS_PROPERTIES, type AddressForm, type AddressProperty } from './form';
import { ProvinceField } from './province-field';
import { useCountries } from './queries';
import { countryName } from './address-text';
import { useEditor } from './use-editor';

/** The fields of an address. */
export function AddressFields({ address }: { address: AddressForm }) {
  const { editor, state } = useEditor();
  const countries = useCountries();
  const format = formatOf(address, countries);
  const problemOf = (key: AddressProperty) => state.problems[`addresses.${address.id}.${key}`];
  const change = (key: AddressProperty) => (event: { target: { value: string } }) =>
    editor.changeAddress(address.id, { [key]: event.target.value });

  const choices = (countries ?? []).map(({ code, name }) => ({ value: code, label: name }));
  if (!address.country) choices.unshift({ value: '', label: 'Choose a country' });
  else if (!choices.some(({ value }) => value === address.country)) {
    choices.push({ value: address.country, label: countryName(address.country) });
  }
  return (
    <div className="customer-grid">
      {ADDRESS_PROPERTIES.map((property) => {
        const { key } = property;
        const label = labelIn(format, property);
        const isOptional = !isRequired(address, format, property);
        if (key === 'province') {
          return <ProvinceField key={key} address={address} label={label} isOptional={isOptional} error={problemOf(key)} />;
        }
        if (key === 'country') {
          return (
            <Field key={key} label={label} error={problemOf(key)}>
              <Select
                value={address.country}
                choices={choices}
                onChange={({ target }) => {
                  // The postcode stays, but a problem with it may be one of the previous country.
                  const { postcode } = address;
                  editor.changeAddress(address.id, { country: target.value, province: '', postcode });
                }}
              />
            </Field>
          );
        }
        return (
          <Field key={key} label={label} error={problemOf(key)} optional={isOptional}>
            <TextInput
              value={address[key]}
              onChange={change(key)}
              autoComplete="off"
              {...(key === 'telephone' && { inputMode: 'tel', dir: 'ltr' })}
            />
          </Field>
        );
      })}
    </div>
  );
}
