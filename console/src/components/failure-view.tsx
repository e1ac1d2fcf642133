import { type Failure, hintFor } from '../api/failure';
import { Button } from './button';
import { RefreshIcon, WarningIcon } from './icons';

/** A failure in place of, or above, what it concerns: what happened, what to do, and the request's ID. */
export function FailureView({ failure, onRetry }: { failure: Failure; onRetry?: () => void }) {
  const hint = hintFor(failure);
  return (
    <div className="notice bad" role="alert">
      <WarningIcon />
      <div className="notice-text">
        <p>{failure.message}</p>
        {failure.details.length > 1 && (
          <ul>
            {failure.details.map(({ field, message }) => (
              <li key={field + message}>{message}</li>
            ))}
          </ul>
        )}
        {hint && <p className="soft">{hint}</p>}
        {failure.requestId && (
          <p className="soft">
            Request <code>{failure.requestId}</code>
          </p>
        )}
      </div>
      {onRetry && (
        <Button small icon={<RefreshIcon size={14} />} onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
