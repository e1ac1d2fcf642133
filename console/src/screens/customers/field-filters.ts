import type { CustomerFilter, MetafieldFilter } from '../../api/generated/graphql';
import { type Filter, text } from './filter';
import type { Definition } from './queries';

/** The values of a custom field's filter that stand for "has a value" and "has none". */
export const ANY = '*';
export const NONE = '-';

export const fieldParam = ({ namespace, key }: { namespace: string; key: string }) => `field.${namespace}.${key}`;

/** A value of the URL in the type of the field; undefined if it is not one. */
function typed(definition: Definition, value: string): unknown {
  switch (definition.type) {
    case 'integer':
    case 'number':
      return value.trim() && Number.isFinite(Number(value)) ? Number(value) : undefined;
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : undefined;
    default:
      return value;
  }
}

/** The filter by a custom field: `field.custom.loyalty=gold`. */
export function readField(param: string, values: string[], definitions: Definition[] | undefined): Filter {
  const [, namespace = '', key = ''] = param.split('.');
  const definition = definitions?.find((each) => each.namespace === namespace && each.key === key);
  const filter = { param, values, label: definition?.name ?? `${namespace}.${key}`, text: text(values) };
  if (!definition) {
    return { ...filter, problem: definitions ? 'This custom field no longer exists.' : undefined };
  }
  const conditions = (condition: Partial<MetafieldFilter>): CustomerFilter => ({
    metafield: { namespace, key, ...condition },
  });
  if (values.length === 1 && values[0] === ANY) return { ...filter, text: 'has a value', condition: conditions({ exists: true }) };
  if (values.length === 1 && values[0] === NONE) return { ...filter, text: 'has no value', condition: conditions({ exists: false }) };
  const wanted = values.map((value) => typed(definition, value));
  if (wanted.includes(undefined)) return { ...filter, problem: 'The value does not match the type of this field.' };
  if (definition.type === 'boolean') filter.text = text(values, (value) => (value === 'true' ? 'yes' : 'no'));
  return { ...filter, condition: conditions(wanted.length === 1 ? { eq: wanted[0] } : { in: wanted }) };
}
