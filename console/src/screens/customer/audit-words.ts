import type { Tone } from '../../components/badge';
import { ADDRESS_PROPERTIES } from './form';
import type { AuditEntry } from './timeline-queries';

/** The properties of journal entries, as they are called on this page. */
export const PROPERTIES: Record<string, string> = {
  full_name: 'Name',
  email: 'E-mail address',
  pending_email: 'New e-mail address, not confirmed',
  email_verified_at: 'E-mail verified',
  status: 'Status',
  group_id: 'Group',
  password: 'Password',
  is_default: 'Default address',
};
const ADDRESS = Object.fromEntries(ADDRESS_PROPERTIES.map(({ rest, label }) => [rest, label]));

/** Not worth a line: they only identify the record. */
export const TECHNICAL = new Set([
  'uuid',
  'customer_id',
  'customer_address_id',
  'created_at',
  'updated_at',
  'version',
  'event_sequence',
]);

export const isAddress = ({ action }: { action: string }) => action.startsWith('address.');

export const propertyLabel = (entry: { action: string }, name: string) =>
  (isAddress(entry) ? ADDRESS[name] : undefined) ?? PROPERTIES[name] ?? ADDRESS[name] ?? capital(name.replaceAll('_', ' '));

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const small = (text: string) => (/^[A-Z]{2}/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1));

type Words = { title: string; tone?: Tone };

const TITLES: Record<string, Words> = {
  'customer.created': { title: 'Registered', tone: 'good' },
  'customer.deleted': { title: 'Erased', tone: 'bad' },
  'password.changed': { title: 'Changed the password' },
  'session.created': { title: 'Signed in' },
  'session.revoked': { title: 'Ended sessions' },
  'address.created': { title: 'Added an address' },
  'address.updated': { title: 'Changed an address' },
  'address.deleted': { title: 'Deleted an address' },
  'mail.requested': { title: 'Had a link mailed' },
  'mail.retried': { title: 'Had a failed mail sent again' },
  'export.created': { title: 'Downloaded all data' },
};

/** What happened, in a few words. `fields` are the labels of the changed custom fields. */
export function auditTitle(entry: AuditEntry, fields: string[]): Words {
  const { action, actor } = entry;
  if (action === 'customer.created' && actor === 'ADMIN') return { title: 'Created the customer', tone: 'good' };
  if (action === 'customer.updated') {
    const names = entry.fields.filter((name) => !TECHNICAL.has(name) && name !== 'meta_data');
    if (names.length + fields.length === 0) return { title: 'Changed the customer' };
    if (names.length === 1 && !fields.length && names[0] === 'email_verified_at') return { title: 'Verified the e-mail address', tone: 'good' };
    const words = [...names.map((name) => small(propertyLabel(entry, name))), ...fields];
    const shown = words.length > 3 ? [...words.slice(0, 2), `${words.length - 2} more`] : words;
    return { title: `Changed ${shown.length > 1 ? `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}` : shown[0]}` };
  }
  return TITLES[action] ?? { title: capital(action.replace('.', ' ').replaceAll('_', ' ')) };
}

const ACTORS = { ADMIN: 'A deleted admin', CUSTOMER: 'The customer', ANONYMOUS: 'A visitor', SYSTEM: 'patron', SHOP: 'The shop' };

/** Who did it. Before the sign-in, the customer is a visitor. */
export const actorName = ({ action, actor, admin }: AuditEntry) =>
  action === 'session.created' && actor === 'ANONYMOUS' ? ACTORS.CUSTOMER : (admin?.fullName ?? ACTORS[actor]);
