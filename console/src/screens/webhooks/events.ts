/** The kinds of events by what they are about, as in docs/webhooks.md. */
export const NOUNS: { noun: string; label: string; kinds: string[] }[] = [
  { noun: 'customer', label: 'Customers', kinds: ['created', 'updated', 'deleted'] },
  { noun: 'address', label: 'Addresses', kinds: ['created', 'updated', 'deleted'] },
  { noun: 'password', label: 'Passwords of customers', kinds: ['changed'] },
  { noun: 'session', label: 'Sessions of customers', kinds: ['created', 'revoked'] },
  { noun: 'group', label: 'Groups', kinds: ['created', 'updated', 'deleted'] },
  { noun: 'metafield_definition', label: 'Custom fields', kinds: ['created', 'updated', 'deleted'] },
  { noun: 'mail', label: 'Mails that an admin requested or retried', kinds: ['requested', 'retried'] },
  { noun: 'export', label: 'Exports', kinds: ['created'] },
  { noun: 'admin', label: 'Admins', kinds: ['created', 'updated'] },
  { noun: 'admin_session', label: 'Sessions of admins', kinds: ['created', 'revoked', 'stepped_up'] },
  { noun: 'second_factor', label: 'Second factors of admins', kinds: ['enabled', 'disabled', 'reset'] },
  { noun: 'recovery_codes', label: 'New recovery codes', kinds: ['created'] },
  { noun: 'recovery_code', label: 'Recovery codes', kinds: ['used'] },
  { noun: 'saved_view', label: 'Saved views', kinds: ['created', 'updated', 'deleted'] },
  { noun: 'webhook_endpoint', label: 'Webhooks', kinds: ['created', 'updated', 'deleted'] },
];

export const ALL = '*';
export const allOf = (noun: string) => `${noun}.*`;

/** Filters that the form has no control for, such as a kind of a newer version. They are kept. */
export function unknownOf(events: string[]): string[] {
  const known = new Set([ALL, ...NOUNS.flatMap(({ noun, kinds }) => [allOf(noun), ...kinds.map((kind) => `${noun}.${kind}`)])]);
  return events.filter((event) => !known.has(event));
}

/** "All events", or the filters. */
export const eventsText = (events: string[]) => (events.includes(ALL) ? 'All events' : events.join(', '));
