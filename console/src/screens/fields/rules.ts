import type { components } from '../../api/generated/rest';
import type { FieldType } from './queries';
import { type RuleType, rulesFor } from './types';

export type Rule = components['schemas']['Validation'];
export type NewSubField = components['schemas']['NewSubField'];

/** A rule as it is typed. `values` has a line for each value. */
export type RuleDraft = { type: RuleType; min: string; max: string; pattern: string; values: string };
/** A field of a group as it is typed. `id` is for React; `isKeyTyped`: the key no longer follows the name. */
export type SubFieldDraft = {
  id: number;
  key: string;
  isKeyTyped: boolean;
  name: string;
  type: FieldType;
  isList: boolean;
  required: boolean;
  rules: RuleDraft[];
  subFields: SubFieldDraft[];
};

let last = 0;
export const newRule = (type: RuleType): RuleDraft => ({ type, min: '', max: '', pattern: '', values: '' });
export const newSubField = (): SubFieldDraft => ({
  id: ++last,
  key: '',
  isKeyTyped: false,
  name: '',
  type: 'short_text',
  isList: false,
  required: false,
  rules: [],
  subFields: [],
});

const text = (value: unknown) => (value === null || value === undefined ? '' : String(value));
const list = (value: unknown) => (Array.isArray(value) ? value : []);

/** The rules of a definition, to be edited. */
export const ruleDrafts = (rules: unknown): RuleDraft[] =>
  list(rules).map((rule) => ({
    type: rule.type,
    min: text(rule.min),
    max: text(rule.max),
    pattern: text(rule.pattern),
    values: list(rule.values).join('\n'),
  }));

export const subFieldDrafts = (fields: unknown): SubFieldDraft[] =>
  list(fields).map((field) => ({
    id: ++last,
    key: text(field.key),
    isKeyTyped: true,
    name: text(field.name),
    type: field.type,
    isList: Boolean(field.isList),
    required: Boolean(field.required),
    rules: ruleDrafts(field.validations),
    subFields: subFieldDrafts(field.subFields),
  }));

/** A number if it is one; otherwise the text, which the server refuses with a message. */
function numberOf(typed: string): number | null {
  if (!typed.trim()) return null;
  const value = Number(typed);
  return (Number.isFinite(value) ? value : typed) as number;
}

export const ruleBodies = (drafts: RuleDraft[], type: FieldType): Rule[] =>
  drafts
    .filter((draft) => rulesFor(type).includes(draft.type))
    .map((draft): Rule => {
      if (draft.type === 'regexp') return { type: 'regexp', pattern: draft.pattern };
      if (draft.type === 'choices') {
        const lines = draft.values.split('\n').map((line) => line.trim()).filter(Boolean);
        const isNumber = type === 'integer' || type === 'number';
        return { type: 'choices', values: isNumber ? lines.map((line) => numberOf(line) ?? line) : lines };
      }
      return { type: draft.type, min: numberOf(draft.min), max: numberOf(draft.max) };
    });

export const subFieldBodies = (drafts: SubFieldDraft[], type: FieldType): NewSubField[] =>
  type !== 'group'
    ? []
    : drafts.map((draft) => ({
        key: draft.key.trim(),
        name: draft.name.trim() || null,
        type: draft.type,
        isList: draft.isList,
        required: draft.required,
        validations: ruleBodies(draft.rules, draft.type),
        subFields: subFieldBodies(draft.subFields, draft.type),
      }));

/** Letters that have no accent to remove. */
const LETTERS: Record<string, string> = { ß: 'ss', æ: 'ae', ø: 'o', ł: 'l', đ: 'd', œ: 'oe', þ: 'th' };

/** A key made from a name: "VAT ID" is vat_id. */
export const keyOf = (name: string) =>
  name
    .toLowerCase()
    .replace(/[ßæøłđœþ]/g, (letter) => LETTERS[letter]!)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
    .slice(0, 64);
