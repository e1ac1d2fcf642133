import type { MetafieldType } from '../../api/generated/graphql';
import type { Definition } from './queries';

/** A rule for a value. */
export type Validation =
  | { type: 'size' | 'range'; min?: number | null; max?: number | null }
  | { type: 'choices'; values: (string | number)[] }
  | { type: 'regexp'; pattern: string };

/** A custom field, or a field of a group. */
export type FieldSpec = {
  key: string;
  label: string;
  type: MetafieldType;
  isList: boolean;
  required: boolean;
  validations: Validation[];
  subFields: FieldSpec[];
};

type Raw = {
  key?: unknown;
  name?: unknown;
  type?: unknown;
  isList?: unknown;
  required?: unknown;
  validations?: unknown;
  subFields?: unknown;
};

const list = (value: unknown) => (Array.isArray(value) ? value : []);

function specOfRaw(raw: Raw): FieldSpec {
  const isRule = (rule: unknown) => rule !== null && typeof rule === 'object' && 'type' in rule;
  return {
    key: String(raw.key),
    label: typeof raw.name === 'string' && raw.name ? raw.name : String(raw.key),
    type: raw.type as MetafieldType,
    isList: raw.isList === true,
    required: raw.required === true,
    validations: list(raw.validations).filter(isRule) as Validation[],
    subFields: list(raw.subFields)
      .filter((field) => field && typeof field === 'object' && typeof field.key === 'string')
      .map(specOfRaw),
  };
}

export const specOf = (definition: Definition): FieldSpec => specOfRaw(definition);

/** One item of a list. */
export const itemOf = (spec: FieldSpec): FieldSpec => ({ ...spec, isList: false });

/** The values that are allowed; undefined if any is. */
export function choicesOf(spec: FieldSpec): (string | number)[] | undefined {
  const rule = spec.validations.find((each) => each.type === 'choices');
  return rule && 'values' in rule && Array.isArray(rule.values) ? rule.values : undefined;
}

/** The limits of all rules of this kind together. */
export function limitsOf(spec: FieldSpec, type: 'size' | 'range'): { min?: number; max?: number } {
  const limits: { min?: number; max?: number } = {};
  for (const rule of spec.validations) {
    if (rule.type !== type || !('min' in rule || 'max' in rule)) continue;
    if (typeof rule.min === 'number') limits.min = Math.max(limits.min ?? -Infinity, rule.min);
    if (typeof rule.max === 'number') limits.max = Math.min(limits.max ?? Infinity, rule.max);
  }
  return limits;
}

/** The name of a custom field among all of them. */
export const nameOf = ({ namespace, key }: { namespace: string; key: string }) => `${namespace}.${key}`;
