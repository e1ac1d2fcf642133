/** A grey placeholder while data loads. `width` is in characters. */
export const Skeleton = ({ width = 12 }: { width?: number }) => (
  <span className="skeleton" style={{ width: `${width}ch` }} aria-hidden="true" />
);

/** Placeholder lines of a card or form. */
export const SkeletonLines = ({ lines = 4 }: { lines?: number }) => (
  <div className="skeleton-lines" aria-busy="true" aria-label="Loading">
    {Array.from({ length: lines }, (_, at) => (
      <Skeleton key={at} width={[28, 42, 36, 22][at % 4]} />
    ))}
  </div>
);
