import { Field, Select, TextInput } from '../../components/field';
import { ADDRESS_PROPERTIES, type AddressForm, type AddressProperty } from './form';
import { ProvinceField } from './province-field';
import { useCountries } from './queries';
import { countryName } from './address-text';
import { useEditor } from './use-editor';

/** The fields of an address. */
export function AddressFields({ address }: { address: AddressForm }) {
  const { editor, state } = useEditor();
  const countries = useCountries();
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
      {ADDRESS_PROPERTIES.map(({ key, label, required }) => {
        if (key === 'province') {
          return <ProvinceField key={key} address={address} error={problemOf(key)} />;
        }
        if (key === 'country') {
          return (
            <Field key={key} label={label} error={problemOf(key)}>
              <Select
                value={address.country}
                choices={choices}
                onChange={(event) => editor.changeAddress(address.id, { country: event.target.value, province: '' })}
              />
            </Field>
          );
        }
        return (
          <Field key={key} label={label} error={problemOf(key)} optional={!required}>
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
