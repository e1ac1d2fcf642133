import type { ReactNode } from 'react';

/** What a list shows that has nothing to show: why it is empty, what belongs here, and the first step. */
export const EmptyState = ({
  icon,
  title,
  action,
  children,
}: {
  icon?: ReactNode;
  title: ReactNode;
  action?: ReactNode;
  children?: ReactNode;
}) => (
  <div className="empty">
    {icon && <span className="empty-icon">{icon}</span>}
    <h2>{title}</h2>
    {children && <div className="empty-text">{children}</div>}
    {action && <div className="empty-action">{action}</div>}
  </div>
);
