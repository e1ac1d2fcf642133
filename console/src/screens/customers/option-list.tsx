import { useId, useState } from 'react';
import { TextInput } from '../../components/field';

type Option = { value: string; label: string };

const fold = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** Options to tick, with a search field if there are many. */
export function OptionList({
  label,
  options,
  values,
  isMultiple,
  onChange,
}: {
  label: string;
  options: Option[];
  values: string[];
  isMultiple?: boolean;
  onChange: (values: string[]) => void;
}) {
  const name = useId();
  const [search, setSearch] = useState('');
  const words = fold(search).split(/\s+/).filter(Boolean);
  const shown = options.filter((option) => words.every((word) => fold(`${option.label} ${option.value}`).includes(word)));
  return (
    <fieldset className="customers-options">
      <legend className="unseen">{label}</legend>
      {options.length > 10 && (
        <TextInput
          type="search"
          aria-label={`Search ${label.toLowerCase()}`}
          placeholder="Search"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          autoFocus
        />
      )}
      <div className="customers-option-rows">
        {shown.map((option, at) => (
          <label key={option.value} className="customers-option">
            <input
              type={isMultiple ? 'checkbox' : 'radio'}
              name={name}
              checked={values.includes(option.value)}
              autoFocus={at === 0 && options.length <= 10}
              onChange={(event) =>
                onChange(
                  !isMultiple
                    ? [option.value]
                    : event.target.checked
                      ? [...values, option.value]
                      : values.filter((value) => value !== option.value),
                )
              }
            />
            <bdi>{option.label}</bdi>
          </label>
        ))}
        {!shown.length && <p className="soft customers-option">Nothing with this name.</p>}
      </div>
    </fieldset>
  );
}
