import type { Rule } from './rules';

const bounds = (min: number | null | undefined, max: number | null | undefined, unit = '') => {
  const isSet = (value: number | null | undefined) => value !== null && value !== undefined;
  if (isSet(min) && isSet(max)) return min === max ? `exactly ${min}${unit}` : `${min} to ${max}${unit}`;
  return isSet(min) ? `at least ${min}${unit}` : `at most ${max}${unit}`;
};

/** A rule in words: "at most 2000 characters", "gold, silver". */
export function ruleText(rule: Rule): string {
  switch (rule.type) {
    case 'size':
      return bounds(rule.min, rule.max, ' characters');
    case 'range':
      return bounds(rule.min, rule.max);
    case 'regexp':
      return `matches ${rule.pattern}`;
    case 'choices':
      return rule.values.join(', ');
  }
}

/** The rules of a field, or the names of the fields of a group. */
export function rulesText(validations: unknown, subFields: unknown): string {
  const fields = Array.isArray(subFields) ? (subFields as { name?: string; key: string }[]) : [];
  if (fields.length) return fields.map(({ name, key }) => name || key).join(', ');
  return (Array.isArray(validations) ? (validations as Rule[]) : []).map(ruleText).join('; ');
}
