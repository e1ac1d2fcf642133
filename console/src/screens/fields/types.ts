import type { FieldType } from './queries';

type TypeInfo = { value: FieldType; label: string; hint: string };

/** The types of fields, the usual ones first. */
export const TYPES: TypeInfo[] = [
  { value: 'short_text', label: 'Text', hint: 'One line, such as a number of another system or a level.' },
  { value: 'long_text', label: 'Long text', hint: 'Several lines, such as notes.' },
  { value: 'integer', label: 'Whole number', hint: 'Without decimals, such as points.' },
  { value: 'number', label: 'Number', hint: 'With decimals, such as a discount.' },
  { value: 'boolean', label: 'Yes or no', hint: 'Such as a consent.' },
  { value: 'date', label: 'Date', hint: 'A day, without a time.' },
  { value: 'color', label: 'Colour', hint: 'Such as #0f5c63.' },
  { value: 'url', label: 'Web address', hint: 'Begins with http:// or https://.' },
  { value: 'rich_text', label: 'Rich text', hint: 'The blocks of an editor, as JSON. The console shows them, but does not edit them.' },
  { value: 'group', label: 'Group of fields', hint: 'Several fields together, such as a company with name and VAT ID.' },
];

export const typeLabel = (type: FieldType) => TYPES.find(({ value }) => value === type)?.label ?? type;

/** The kinds of rules that the API accepts for a type. */
export function rulesFor(type: FieldType): RuleType[] {
  if (type === 'short_text' || type === 'long_text') return ['size', 'regexp', 'choices'];
  return type === 'integer' || type === 'number' ? ['range', 'choices'] : [];
}

export type RuleType = 'size' | 'range' | 'regexp' | 'choices';

export const RULES: Record<RuleType, { label: string; hint: string }> = {
  size: { label: 'Length', hint: 'The number of characters.' },
  range: { label: 'Range', hint: 'The smallest and the largest number.' },
  regexp: {
    label: 'Pattern',
    hint: 'A regular expression that has to match somewhere in the text; ^ and $ stand for its beginning and end.',
  },
  choices: { label: 'Allowed values', hint: 'One value in each line. Everything else is refused.' },
};
