import { useSyncExternalStore } from 'react';

const relative = new Intl.RelativeTimeFormat('en-GB', { numeric: 'auto', style: 'short' });
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const dayOfYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

let now = Date.now();
const listeners = new Set<() => void>();
setInterval(() => {
  now = Date.now();
  listeners.forEach((listener) => listener());
}, 30_000);

/** "3 min ago", "yesterday"; after a week the date. */
export function relativeTime(value: string, at = Date.now()): string {
  const date = new Date(value);
  const seconds = (date.getTime() - at) / 1000;
  if (Math.abs(seconds) < 45) return 'just now';
  if (Math.abs(seconds) < 7 * 86_400) {
    const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['minute', 60];
    return relative.format(Math.round(seconds / length), unit);
  }
  return (date.getFullYear() === new Date(at).getFullYear() ? dayOfYear : day).format(date);
}

export const exactTime = (value: string) => exact.format(new Date(value));

/** A time relative to now; the exact time is its tooltip. Null is a dash. */
export function DateTime({ value, fallback = '–' }: { value: string | null | undefined; fallback?: string }) {
  const at = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => now,
  );
  if (!value) return <span className="soft">{fallback}</span>;
  return (
    <time dateTime={value} title={exactTime(value)}>
      {relativeTime(value, at)}
    </time>
  );
}
