import { useEffect, useState } from 'react';
import { Dialog } from '../../components/dialog';

/** Can't be closed: the server changes all customers or none, and is about to say which. */
export function BulkProgress({ title, isPaused }: { title: string; isPaused: boolean }) {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds((before) => before + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <Dialog open size="small" title={title}>
      <progress className="progress" aria-label={title} />
      <p className="soft" role="status">
        {isPaused
          ? 'Waiting for the network. The action continues by itself.'
          : seconds > 2
            ? `${seconds} seconds. All of them change together, or none.`
            : 'All of them change together, or none.'}
      </p>
    </Dialog>
  );
}
