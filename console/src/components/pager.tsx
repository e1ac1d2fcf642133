import type { ReactNode } from 'react';
import { useSearch } from '../router';
import { Button } from './button';
import { ChevronLeft, ChevronRight } from './icons';

type PageInfo = {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor?: string | null;
  endCursor?: string | null;
};

/**
 * The position in a connection, kept in the URL as `after` or `before`. `variables` go into the query, `pager` into the
 * Pager: `<Pager {...pager(data?.customersConnection.pageInfo)} />`. Remove both parameters when the filter changes.
 */
export function useCursor(size: number, prefix = '') {
  const [params, change] = useSearch();
  const after = params.get(`${prefix}after`);
  const before = params.get(`${prefix}before`);
  const variables = before ? { last: size, before } : { first: size, after: after ?? undefined };
  const move = (name: 'after' | 'before' | null, cursor?: string | null) =>
    change((next) => {
      next.delete(`${prefix}after`);
      next.delete(`${prefix}before`);
      if (name && cursor) next.set(prefix + name, cursor);
    });
  const pager = (info: PageInfo | undefined) => ({
    // Backward pages don't know the pages after them, but they come from there.
    hasNext: Boolean(before || info?.hasNextPage),
    hasPrevious: Boolean(after || info?.hasPreviousPage),
    onNext: () => move('after', info?.endCursor),
    onPrevious: () => (info?.hasPreviousPage === false && !info.startCursor ? move(null) : move('before', info?.startCursor)),
  });
  return { variables, pager, isFirst: !after && !before, reset: () => move(null) };
}

export function Pager({
  hasNext,
  hasPrevious,
  onNext,
  onPrevious,
  children,
}: {
  hasNext: boolean;
  hasPrevious: boolean;
  onNext: () => void;
  onPrevious: () => void;
  /** The total, for example. */
  children?: ReactNode;
}) {
  return (
    <nav className="pager" aria-label="Pages">
      <span className="pager-info">{children}</span>
      {(hasNext || hasPrevious) && (
        <>
          <Button small icon={<ChevronLeft size={14} />} disabled={!hasPrevious} onClick={onPrevious}>
            Previous
          </Button>
          <Button small disabled={!hasNext} onClick={onNext} className="icon-after">
            Next
            <ChevronRight size={14} />
          </Button>
        </>
      )}
    </nav>
  );
}
