import { Skeleton } from '../../components/skeleton';
import { amount, dayName, number, type Overview } from './queries';
import { RegistrationsChart } from './registrations-chart';

type Days = Overview['registeredPerDay'];

/** The registrations of 30 days as a chart and as a table. */
export function RegistrationsCard({ days }: { days: Days | undefined }) {
  const total = days?.reduce((sum, { count }) => sum + count, 0);
  return (
    <section className="card overview-registrations" aria-labelledby="overview-registrations">
      <header className="card-header">
        <h2 id="overview-registrations">Registrations</h2>
        <p className="soft">
          {total === undefined ? <Skeleton width={16} /> : `${amount(total, 'customer')} in 30 days`}
        </p>
      </header>
      <div className="overview-chart-body">
        <RegistrationsChart days={days} />
        {days && (
          <details className="overview-table">
            <summary>Show as a table</summary>
            <div className="overview-table-frame" tabIndex={0} role="region" aria-label="Registrations by day">
              <table>
                <caption className="unseen">Registrations by day, in UTC, the latest first</caption>
                <thead>
                  <tr>
                    <th scope="col">Day (UTC)</th>
                    <th scope="col">Registrations</th>
                  </tr>
                </thead>
                <tbody>
                  {days.toReversed().map(({ date, count }) => (
                    <tr key={date}>
                      <th scope="row">{dayName(date)}</th>
                      <td>{number(count)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </details>
        )}
      </div>
    </section>
  );
}
