import { TextInput } from '../../components/field';

/** A colour as text, with the picker of the platform beside it, which can't be empty. */
export function ColorInput({
  value,
  onChange,
  ...rest
}: {
  value: string;
  onChange: (value: string) => void;
  id?: string;
}) {
  const isColor = /^#[0-9a-f]{6}$/i.test(value);
  return (
    <span className="customer-color">
      <input
        type="color"
        aria-label="Choose the colour"
        data-empty={!isColor || undefined}
        value={isColor ? value : '#000000'}
        onChange={(event) => onChange(event.target.value)}
      />
      <TextInput
        {...rest}
        value={value}
        dir="ltr"
        placeholder="#1a2b3c"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
      />
    </span>
  );
}
