import type { ReactNode } from 'react';
import { Link } from '../router';

export type Tab = {
  to: string;
  label: string;
  isCurrent: boolean;
  /** How many entries it has. */
  count?: ReactNode;
};

/** The views of a list. Each is a link, so that the URL says which one is shown. */
export const Tabs = ({ label, tabs }: { label: string; tabs: Tab[] }) => (
  <nav className="tabs" aria-label={label}>
    <ul>
      {tabs.map(({ to, label: text, isCurrent, count }) => (
        <li key={to}>
          <Link to={to} className="tab" aria-current={isCurrent ? 'page' : undefined}>
            {text}
            {count !== undefined && count !== null && <span className="tab-count">{count}</span>}
          </Link>
        </li>
      ))}
    </ul>
  </nav>
);
