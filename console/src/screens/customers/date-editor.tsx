import { Field, TextInput } from '../../components/field';
import { PERIODS, rangeOf } from './filter-dates';
import { OptionList } from './option-list';

/** Periods, and a range of days. */
export function DateEditor({
  label,
  value,
  hasNever,
  onChange,
}: {
  label: string;
  value: string;
  hasNever: boolean;
  onChange: (value: string) => void;
}) {
  const range = rangeOf(value);
  const { from, to } = range ?? { from: '', to: '' };
  const options = [...PERIODS, ...(hasNever ? [{ value: 'never', label: 'Never' }] : []), { value: 'range', label: 'Between two days' }];
  const isRange = range !== null || value === '..';
  const setRange = (next: string, after: string) => onChange(`${next}..${after}`);
  return (
    <>
      <OptionList
        label={label}
        options={options}
        values={[isRange ? 'range' : value]}
        onChange={([chosen]) => onChange(chosen === 'range' ? '..' : (chosen ?? ''))}
      />
      {isRange && (
        <div className="customers-range">
          <Field label="From">
            <TextInput type="date" value={from} max={to || undefined} onChange={(event) => setRange(event.target.value, to)} />
          </Field>
          <Field label="To, inclusive">
            <TextInput type="date" value={to} min={from || undefined} onChange={(event) => setRange(from, event.target.value)} />
          </Field>
        </div>
      )}
    </>
  );
}
