import type { ReactNode } from 'react';
import { Skeleton } from '../../components/skeleton';
import { Link } from '../../router';
import { number, type Overview } from './queries';

/** The numbers of customers. */
export function StatTiles({ overview }: { overview: Overview | undefined }) {
  const disabled = overview && overview.customers - overview.enabledCustomers;
  const rate = overview && overview.registeredLastWeek / 7;
  return (
    <dl className="overview-tiles">
      <Tile label="Customers" value={overview?.customers}>
        <Link to="/customers">All customers</Link>
      </Tile>
      <Tile label="Enabled" value={overview?.enabledCustomers}>
        {disabled !== undefined && (disabled ? <Link to="/customers?status=0">{number(disabled)} disabled</Link> : 'None is disabled')}
      </Tile>
      <Tile label="New in 24 hours" value={overview?.registeredLastDay}>
        {rate !== undefined && `${rate.toLocaleString('en', { maximumFractionDigits: rate < 10 ? 1 : 0 })} a day this week`}
      </Tile>
      <Tile label="New in 7 days" value={overview?.registeredLastWeek}>
        <Link to="/customers?created=7d">Newest customers</Link>
      </Tile>
    </dl>
  );
}

function Tile({ label, value, children }: { label: string; value: number | undefined; children?: ReactNode }) {
  return (
    <div className="card overview-tile">
      <dt>{label}</dt>
      <dd className="overview-number">{value === undefined ? <Skeleton width={6} /> : number(value)}</dd>
      <dd className="overview-note">{children}</dd>
    </div>
  );
}
