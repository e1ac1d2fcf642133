import { type PointerEvent, useState } from 'react';
import { amount, dayName, number, type Overview } from './queries';

type Days = Overview['registeredPerDay'];

/** The width of a day and the height of the chart, in its own units; the page stretches them. */
const STEP = 10;
const HEIGHT = 100;

/** The end of the axis: the next 1, 2 or 5 times a power of ten, at least 4. */
function axisEnd(most: number): number {
  if (most <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((factor) => factor * power).find((end) => end >= most) ?? most;
}

/** Bars by day. The pointer shows the number of a day; the table below has all of them. */
export function RegistrationsChart({ days }: { days: Days | undefined }) {
  const [active, setActive] = useState<number | null>(null);
  if (!days) return <div className="overview-chart" aria-busy="true" />;
  const most = Math.max(0, ...days.map(({ count }) => count));
  const end = axisEnd(most);
  const best = days.find(({ count }) => count === most);
  const shown = active === null ? undefined : days[active];
  const onPointer = (event: PointerEvent<SVGSVGElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const at = Math.floor(((event.clientX - left) / width) * days.length);
    setActive(Math.max(0, Math.min(days.length - 1, at)));
  };
  const summary = most
    ? `Registrations of the last ${days.length} days. The most were ${number(most)} on ${dayName(best!.date)}.`
    : `No registrations in the last ${days.length} days.`;
  return (
    <figure className="overview-chart">
      <div className="overview-axis" aria-hidden="true">
        {[end, end / 2, 0].map((value) => (
          <span key={value}>{number(value)}</span>
        ))}
      </div>
      <div className="overview-plot">
        <svg
          role="img"
          aria-label={summary}
          viewBox={`0 0 ${days.length * STEP} ${HEIGHT}`}
          preserveAspectRatio="none"
          onPointerMove={onPointer}
          onPointerDown={onPointer}
          onPointerLeave={() => setActive(null)}
        >
          {[0, HEIGHT / 2, HEIGHT].map((y) => (
            <line key={y} x1="0" x2={days.length * STEP} y1={y} y2={y} className="overview-grid" />
          ))}
          {days.map(({ date, count }, at) => {
            const height = (count / end) * HEIGHT;
            return (
              <rect
                key={date}
                x={at * STEP + 1.5}
                y={HEIGHT - height}
                width={STEP - 3}
                height={height}
                className={at === active ? 'overview-bar active' : 'overview-bar'}
              />
            );
          })}
        </svg>
        {shown && (
          <p className="overview-tip" style={{ insetInlineStart: `${((active! + 0.5) / days.length) * 100}%` }} aria-hidden="true">
            <strong>{amount(shown.count, 'registration')}</strong> {dayName(shown.date)}
          </p>
        )}
      </div>
      <div className="overview-days" aria-hidden="true">
        {[0, 10, 20, days.length - 1].map((at) => (
          <span key={at}>{days[at] && dayName(days[at].date).replace(/^\w+,? /, '')}</span>
        ))}
      </div>
    </figure>
  );
}
