import type { DateTimeFilter } from '../../api/generated/graphql';

/** What a date filter can be, as in the URL: `7d`, `2026-01-01..2026-01-31` with either end open, or `never`. */
export const PERIODS = [
  { value: '1d', label: 'Today' },
  { value: '7d', label: 'Last 7 days' },
  { value: '30d', label: 'Last 30 days' },
  { value: '90d', label: 'Last 90 days' },
  { value: '365d', label: 'Last 365 days' },
];

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const shownDate = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** The first instant of a day in the time zone of the browser. Null if there is no such day. */
function startOf(day: string, plusDays = 0): Date | null {
  if (!DATE.test(day)) return null;
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  const start = new Date(year, month - 1, date + plusDays);
  return new Date(year, month - 1, date).getDate() === date && year > 0 ? start : null;
}

/** Both ends of a range, each a day or empty. Null if the text is not a range. */
export function rangeOf(text: string): { from: string; to: string } | null {
  const [from, to, more] = text.split('..');
  if (from === undefined || to === undefined || more !== undefined || (!from && !to)) return null;
  if ([from, to].some((day) => day && !startOf(day))) return null;
  return { from, to };
}

/** The condition, in whole days, so that it stays the same until midnight. Null if the text is not valid. */
export function dateCondition(text: string): DateTimeFilter | null {
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  if (days) {
    const now = new Date();
    const start = new Date(now.getFullYear(), now.getMonth(), now.getDate() - (Number(days) - 1));
    return { gteq: start.toISOString() };
  }
  const range = rangeOf(text);
  if (!range) return null;
  const { from, to } = range;
  return {
    ...(from && { gteq: startOf(from)!.toISOString() }),
    ...(to && { lt: startOf(to, 1)!.toISOString() }),
  };
}

export function shownDates(text: string): string {
  const period = PERIODS.find(({ value }) => value === text);
  if (period) return period.label.toLowerCase();
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  if (days) return `last ${days} days`;
  const range = rangeOf(text);
  if (!range) return text;
  const [from, to] = [range.from, range.to].map((day) => day && shownDate.format(startOf(day)!));
  if (from === to) return `on ${from}`;
  return from && to ? `${from} – ${to}` : from ? `since ${from}` : `until ${to}`;
}
