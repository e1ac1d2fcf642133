import type { MetafieldType } from '../../api/generated/graphql';

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
const number = new Intl.NumberFormat('en');

/** The value of a custom field in one line. */
export function FieldValue({ type, value }: { type: MetafieldType; value: unknown }) {
  if (value === null || value === undefined) return <span className="soft">–</span>;
  const text = Array.isArray(value) ? value.map((item) => textOf(type, item)).join(', ') : textOf(type, value);
  return (
    <span className="truncate" dir="auto" title={text}>
      {type === 'color' && typeof value === 'string' && (
        <span className="customers-color" style={{ background: value }} aria-hidden="true" />
      )}
      {text}
    </span>
  );
}

function textOf(type: MetafieldType, value: unknown): string {
  if (type === 'date' && typeof value === 'string') {
    const date = new Date(value);
    return Number.isNaN(date.getTime()) ? value : day.format(date);
  }
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (typeof value === 'number') return number.format(value);
  if (typeof value === 'string') return value;
  // A group of fields, or rich text.
  if (value && typeof value === 'object') {
    return Object.values(value)
      .map((part) => textOf('short_text', part))
      .filter(Boolean)
      .join(', ');
  }
  return '';
}
