import type { Group } from '../../api/groups';
import { exactTime } from '../../components/date-time';
import { countryName } from './address-text';
import { propertyLabel, TECHNICAL } from './audit-words';
import { draftOf, textOf } from './field-draft';
import type { FieldSpec } from './field-spec';
import type { AuditEntry } from './timeline-queries';

/** A changed property for people; `secret` if its values are not recorded. */
export type ChangedProperty = { name: string; label: string; old: string; new: string; secret?: boolean };

type Known = { specs: Map<string, FieldSpec>; groups?: Group[] };
type Pair = { old?: unknown; new?: unknown };
type Data = Record<string, Record<string, unknown> | null> | null | undefined;

/** The properties that an entry changed, with custom fields one by one. */
export function changedProperties(entry: AuditEntry, known: Known): ChangedProperty[] {
  const changes = Object.entries((entry.changes ?? {}) as Record<string, Pair | string | null>);
  return changes.flatMap(([name, pair]) => {
    if (TECHNICAL.has(name)) return [];
    const label = propertyLabel(entry, name);
    if (typeof pair !== 'object' || !pair) return [{ name, label, old: '', new: '', secret: true }];
    if (name === 'meta_data') return customFields(pair, known);
    const change = { name, label, old: show(name, pair.old, known), new: show(name, pair.new, known) };
    return change.old || change.new ? [change] : [];
  });
}

function customFields(pair: Pair, { specs }: Known): ChangedProperty[] {
  const [old, next] = [pair.old as Data, pair.new as Data];
  const namespaces = new Set([...Object.keys(old ?? {}), ...Object.keys(next ?? {})]);
  return [...namespaces].flatMap((namespace) => {
    const [before, after] = [old?.[namespace], next?.[namespace]];
    const isPlain = [before, after].some((part) => part !== null && part !== undefined && typeof part !== 'object');
    if (isPlain) return [{ name: namespace, label: namespace, old: plain(before), new: plain(after) }];
    return [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].map((key) => {
      const name = `${namespace}.${key}`;
      const spec = specs.get(name);
      const text = (value: unknown) => (spec ? textOf(spec, draftOf(spec, value)) : plain(value));
      return { name, label: spec?.label ?? name, old: text(before?.[key]), new: text(after?.[key]) };
    });
  });
}

const plain = (value: unknown) =>
  value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

function show(name: string, value: unknown, { groups }: Known): string {
  if (value === null || value === undefined) return '';
  switch (name) {
    case 'status':
      return value ? 'Enabled' : 'Disabled';
    case 'group_id':
      return groups?.find(({ customerGroupId }) => customerGroupId === value)?.groupName ?? `Group ${String(value)}`;
    case 'email_verified_at':
      return exactTime(String(value));
    case 'is_default':
      return value ? 'Yes' : 'No';
    case 'country':
      return countryName(String(value));
    default:
      return plain(value);
  }
}
