import { useState } from 'react';
import { Field, Select, TextInput } from '../../components/field';
import type { AddressForm } from './form';
import { useProvinces } from './queries';
import { useEditor } from './use-editor';

const OTHER = '*other';

/** The province: one of ISO 3166-2, or a text where the country has none or the right one is missing. */
export function ProvinceField({
  address,
  label,
  isOptional,
  error,
}: {
  address: AddressForm;
  label: string;
  isOptional: boolean;
  error?: string;
}) {
  const { editor } = useEditor();
  const provinces = useProvinces(address.country);
  const [isText, setText] = useState(false);
  const { province } = address;
  const change = (value: string) => editor.changeAddress(address.id, { province: value });
  const isKnown = provinces?.some(({ code }) => code === province);
  const isFree = isText || provinces?.length === 0 || Boolean(provinces && province && !isKnown);
  if (!address.country || isFree) {
    const canChoose = Boolean(provinces?.length);
    return (
      <Field
        label={label}
        optional={isOptional}
        error={error}
        hint={
          canChoose && (
            <button
              type="button"
              className="link"
              onClick={() => {
                setText(false);
                change('');
              }}
            >
              Choose from the list
            </button>
          )
        }
      >
        <TextInput value={province} autoComplete="off" onChange={(event) => change(event.target.value)} />
      </Field>
    );
  }
  const choices = provinces?.map(({ code, name }) => ({ value: code, label: name })) ?? [];
  if (!provinces && province) choices.push({ value: province, label: province });
  const first = { value: '', label: provinces ? 'Choose…' : 'Loading…' };
  return (
    <Field label={label} optional={isOptional} error={error}>
      <Select
        value={province}
        disabled={!provinces}
        choices={[first, ...choices, { value: OTHER, label: 'Other…' }]}
        onChange={({ target }) => {
          setText(target.value === OTHER);
          change(target.value === OTHER ? '' : target.value);
        }}
      />
    </Field>
  );
}
