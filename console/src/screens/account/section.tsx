import type { ReactNode } from 'react';

/** A part of the account: its name and what it is for, beside a card. */
export function Section({ id, title, badge, description, children }: { id: string; title: string; badge?: ReactNode; description?: ReactNode; children: ReactNode }) {
  return (
    <section className="account-section" aria-labelledby={id}>
      <div>
        <h2 id={id}>
          {title} {badge}
        </h2>
        {description && <p className="soft account-description">{description}</p>}
      </div>
      {children}
    </section>
  );
}
