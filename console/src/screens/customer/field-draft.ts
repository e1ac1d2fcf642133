import { choicesOf, type FieldSpec, itemOf } from './field-spec';

/**
 * What the controls of a custom field contain: a text, a list of them, or those of a group by their keys. It can be
 * incomplete or wrong, which a value can't. A value that does not have the form of its field is a text of JSON.
 */
export type FieldDraft = string | FieldDraft[] | { [key: string]: FieldDraft };

/** The controls that a field has, whatever its value is. */
export type Shape = 'text' | 'json' | 'list' | 'group';

export function shapeOf(spec: FieldSpec, draft: FieldDraft): Shape {
  if (spec.type === 'rich_text') return 'json';
  if (spec.isList) return Array.isArray(draft) ? 'list' : 'json';
  if (spec.type === 'group') return isGroup(draft) ? 'group' : 'json';
  return 'text';
}

export const isGroup = (draft: FieldDraft | undefined): draft is { [key: string]: FieldDraft } =>
  typeof draft === 'object' && !Array.isArray(draft);

const json = (value: unknown) => JSON.stringify(value, null, 2);

/** The controls for a value; `undefined` and `null` are an empty one. */
export function draftOf(spec: FieldSpec, value: unknown): FieldDraft {
  const isEmpty = value === null || value === undefined;
  if (spec.type === 'rich_text') return isEmpty ? '' : json(value);
  if (spec.isList) {
    if (isEmpty) return [];
    return Array.isArray(value) ? value.map((item) => draftOf(itemOf(spec), item)) : json(value);
  }
  if (spec.type === 'group') {
    if (!isEmpty && (typeof value !== 'object' || Array.isArray(value))) return json(value);
    const parts = (value ?? {}) as Record<string, unknown>;
    return Object.fromEntries(spec.subFields.map((field) => [field.key, draftOf(field, parts[field.key])]));
  }
  if (isEmpty) return '';
  return typeof value === 'object' ? json(value) : String(value);
}

/** Whether two drafts are the same. */
export function isSame(one: FieldDraft | undefined, other: FieldDraft | undefined): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object') return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [left, right] = [one as Record<string, FieldDraft>, other as Record<string, FieldDraft>];
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => isSame(left[key], right[key]));
}

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });

function lineOf(spec: FieldSpec, text: string): string {
  if (spec.type === 'boolean') return text === 'true' ? 'Yes' : text === 'false' ? 'No' : text;
  if (spec.type === 'date' && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) {
    return day.format(new Date(text));
  }
  return text;
}

/** A draft as a text to read. */
export function textOf(spec: FieldSpec, draft: FieldDraft): string {
  if (typeof draft === 'string') return lineOf(spec, draft);
  if (Array.isArray(draft)) {
    const items = draft.map((item) => textOf(itemOf(spec), item)).filter(Boolean);
    return items.join(spec.type === 'group' ? '\n\n' : '\n');
  }
  const lines = spec.subFields.map((field) => [field.label, textOf(field, draft[field.key] ?? '')] as const);
  return lines.flatMap(([label, text]) => (text ? `${label}: ${text}` : [])).join('\n');
}

/** Whether a list is shown as one checkbox for each choice: there are few, and it contains nothing else. */
export function hasCheckboxes(spec: FieldSpec, draft: FieldDraft): boolean {
  const choices = choicesOf(spec)?.map(String);
  if (!choices || choices.length > 20 || !Array.isArray(draft)) return false;
  return new Set(draft).size === draft.length && draft.every((item) => choices.includes(item as string));
}
