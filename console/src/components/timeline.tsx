import type { ReactNode } from 'react';
import type { Tone } from './badge';
import { DateTime } from './date-time';

export type TimelineItem = {
  id: string;
  at: string;
  icon?: ReactNode;
  tone?: Tone;
  title: ReactNode;
  /** Who, from where. */
  by?: ReactNode;
  body?: ReactNode;
  action?: ReactNode;
  /** Stands after the time, such as a button that shows more. */
  more?: ReactNode;
  /** Smaller, for what is hardly ever of interest. */
  isQuiet?: boolean;
};

const days = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });

/** Events by day, in the given order. */
export function Timeline({ items, label }: { items: TimelineItem[]; label: string }) {
  const groups: [string, TimelineItem[]][] = [];
  for (const item of items) {
    const day = days.format(new Date(item.at));
    const last = groups.at(-1);
    if (last?.[0] === day) last[1].push(item);
    else groups.push([day, [item]]);
  }
  return (
    <div className="timeline" role="group" aria-label={label}>
      {groups.map(([day, entries]) => (
        <section key={day}>
          <h3>{day}</h3>
          <ol>
            {entries.map(({ id, at, icon, tone = 'neutral', title, by, body, action, more, isQuiet }) => (
              <li key={id} data-quiet={isQuiet || undefined}>
                <span className={`timeline-mark ${tone}`}>{icon}</span>
                <div className="timeline-text">
                  <p className="timeline-title">{title}</p>
                  <p className="timeline-by">
                    {by}
                    {by && ' · '}
                    <DateTime value={at} />
                    {more && ' · '}
                    {more}
                  </p>
                  {body && <div className="timeline-body">{body}</div>}
                </div>
                {action && <div className="timeline-action">{action}</div>}
              </li>
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}
