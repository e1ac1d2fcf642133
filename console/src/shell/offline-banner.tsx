import { useSyncExternalStore } from 'react';
import { OfflineIcon } from '../components/icons';

/** Says that the browser has no network. */
export function OfflineBanner() {
  const isOnline = useSyncExternalStore(
    (listener) => {
      addEventListener('online', listener);
      addEventListener('offline', listener);
      return () => {
        removeEventListener('online', listener);
        removeEventListener('offline', listener);
      };
    },
    () => navigator.onLine,
  );
  return (
    <div role="status">
      {!isOnline && (
        <p className="offline">
          <OfflineIcon />
          You are offline. What you see may be out of date; changes wait until the connection is back.
        </p>
      )}
    </div>
  );
}
