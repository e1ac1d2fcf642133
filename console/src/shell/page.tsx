import { type ReactNode, useEffect } from 'react';
import { asFailure } from '../api/failure';
import { FailureView } from '../components/failure-view';
import { ChevronLeft } from '../components/icons';
import { Link } from '../router';

/** The frame of a screen: the title of the document and of the page, its actions, and its content. */
export function Page({
  title,
  heading,
  back,
  actions,
  description,
  wide,
  fill,
  children,
}: {
  title: string;
  /** What the heading shows instead of the title. */
  heading?: ReactNode;
  /** The list that this page belongs to. */
  back?: { to: string; label: string };
  actions?: ReactNode;
  description?: ReactNode;
  /** Uses the full width, for tables. */
  wide?: boolean;
  /** On large screens the page is as high as the window, so that only the list in it scrolls. Implies `wide`. */
  fill?: boolean;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} – patron`;
  }, [title]);
  return (
    <div className={['page', (wide || fill) && 'wide', fill && 'fill'].filter(Boolean).join(' ')}>
      <header className="page-header">
        <div className="page-titles">
          {back && (
            <Link to={back.to} className="page-back">
              <ChevronLeft size={14} />
              {back.label}
            </Link>
          )}
          <h1 tabIndex={-1}>{heading ?? title}</h1>
          {description && <p className="page-description">{description}</p>}
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** A page whose data could not be loaded. */
export function FailedPage({ title, error, onRetry }: { title: string; error: unknown; onRetry?: () => void }) {
  return (
    <Page title={title}>
      <FailureView failure={asFailure(error)} onRetry={onRetry} />
    </Page>
  );
}
