import { type FieldDraft, isGroup, shapeOf } from './field-draft';
import { choicesOf, type FieldSpec, itemOf, limitsOf } from './field-spec';

/** Messages by path: `fields.custom.company.vat_id`, `fields.custom.tags[0]`. */
export type Problems = Record<string, string>;

const MAX_TEXT = { short_text: 1000, long_text: 65_535 } as Partial<Record<string, number>>;
const MAX_ITEMS = 100;

/**
 * The value of a draft, as it is sent; `null` for an empty one. What is wrong is added to `problems`. The server checks
 * again: regular expressions are left to it, because those of the browser have another syntax.
 */
export function valueOf(spec: FieldSpec, draft: FieldDraft, path: string, problems: Problems): unknown {
  switch (shapeOf(spec, draft)) {
    case 'json':
      return jsonOf(spec, String(draft), path, problems);
    case 'list':
      return listOf(spec, draft as FieldDraft[], path, problems);
    case 'group':
      return groupOf(spec, draft, path, problems);
    case 'text':
      return scalarOf(spec, String(draft), path, problems);
  }
}

function jsonOf(spec: FieldSpec, text: string, path: string, problems: Problems): unknown {
  if (!text.trim()) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    problems[path] = `${spec.label} must be JSON: ${error instanceof Error ? error.message : 'it can not be read'}`;
    return null;
  }
  const isObject = (item: unknown) => item !== null && typeof item === 'object' && !Array.isArray(item);
  if (spec.type === 'rich_text' && !spec.isList && !(Array.isArray(value) && value.every(isObject))) {
    problems[path] = `${spec.label} must be a list of objects, such as [{"type": "paragraph"}]`;
  }
  return value;
}

function listOf(spec: FieldSpec, drafts: FieldDraft[], path: string, problems: Problems): unknown {
  const items = drafts.map((item, at) => valueOf(itemOf(spec), item, `${path}[${at}]`, problems));
  const values = items.filter((item) => item !== null);
  if (values.length > MAX_ITEMS) problems[path] = `${spec.label} must have at most ${MAX_ITEMS} items`;
  return values.length ? values : null;
}

function groupOf(spec: FieldSpec, draft: FieldDraft, path: string, problems: Problems): unknown {
  const parts = isGroup(draft) ? draft : {};
  const entries = spec.subFields.map((field) => {
    const value = valueOf(field, parts[field.key] ?? '', `${path}.${field.key}`, problems);
    return [field, value] as const;
  });
  if (entries.every(([, value]) => value === null)) return null;
  for (const [field, value] of entries) {
    const own = `${path}.${field.key}`;
    if (field.required && value === null && !problems[own]) problems[own] = `${field.label} is required`;
  }
  return Object.fromEntries(entries.filter(([, value]) => value !== null).map(([field, value]) => [field.key, value]));
}

function scalarOf(spec: FieldSpec, text: string, path: string, problems: Problems): unknown {
  const trimmed = text.trim();
  const isText = spec.type === 'short_text' || spec.type === 'long_text';
  if (isText ? text === '' : trimmed === '') return null;
  const choices = choicesOf(spec);
  if (choices) {
    const choice = choices.find((each) => String(each) === text);
    if (choice === undefined) problems[path] = `${spec.label} must be one of the choices`;
    return choice ?? text;
  }
  const value = isText ? text : convert(spec, trimmed);
  const problem = value === undefined ? FORMATS[spec.type] : outside(spec, value);
  if (problem) problems[path] = `${spec.label} ${problem}`;
  return value;
}

const FORMATS: Partial<Record<string, string>> = {
  integer: 'must be a whole number, such as 12',
  number: 'must be a number, such as 0.5',
  boolean: 'must be yes or no',
  date: 'must be a date such as 2026-01-31',
  color: 'must be a colour such as #1a2b3c',
  url: 'must begin with https:// or http://',
};

function convert(spec: FieldSpec, text: string): unknown {
  switch (spec.type) {
    case 'integer':
      return /^[+-]?\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
    case 'number':
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'date':
      return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined;
    case 'color':
      return /^#[0-9a-f]{6}$/i.test(text) ? text : undefined;
    case 'url':
      return /^https?:\/\/[^/?#\s]\S*$/i.test(text) ? text : undefined;
    default:
      return text;
  }
}

function outside(spec: FieldSpec, value: unknown): string | undefined {
  const isText = typeof value === 'string';
  const { min, max } = limitsOf(spec, isText ? 'size' : 'range');
  const size = isText ? [...value].length : Number(value);
  const most = isText ? Math.min(max ?? Infinity, MAX_TEXT[spec.type] ?? Infinity) : (max ?? Infinity);
  const unit = isText ? ' characters' : '';
  if (min !== undefined && size < min) return `must be at least ${min}${unit}`;
  if (size > most) return `must be at most ${most}${unit}`;
  return undefined;
}
