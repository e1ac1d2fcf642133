import { useState } from 'react';
import { useAction } from '../../api/action';
import { asFailure, type Failure, isCancelled } from '../../api/failure';
import { call, rest, writeHeaders } from '../../api/rest';
import { Button } from '../../components/button';
import { RefreshIcon } from '../../components/icons';
import { toast } from '../../shell/toasts';
import type { Mail } from './queries';

const retry = (uuid: string, key: string) =>
  call(rest.POST('/api/mails/{uuid}/retry', { params: { path: { uuid } }, headers: writeHeaders(key) }));

/** Sends a failed mail again. */
export function RetryButton({ mail: { uuid, recipient } }: { mail: Mail }) {
  const action = useAction({
    run: (id: string, { key }) => retry(id, key),
    success: `The mail to ${recipient} is sent again`,
  });
  return (
    <Button small icon={<RefreshIcon size={13} />} isPending={action.isPending} aria-label={`Retry the mail to ${recipient}`} onClick={() => action.run(uuid)}>
      {action.isPaused ? 'Waiting…' : 'Retry'}
    </Button>
  );
}

/** So many mails are sent again at a time. */
const AT_ONCE = 4;

/** Sends all failed mails of the page again. One that can't be sent does not stop the others. */
export function RetryAllButton({ mails }: { mails: Mail[] }) {
  const [done, setDone] = useState(0);
  const action = useAction({
    run: async (uuids: string[], { key }) => {
      setDone(0);
      const failures: Failure[] = [];
      const waiting = [...uuids];
      const work = async () => {
        for (let uuid = waiting.shift(); uuid; uuid = waiting.shift()) {
          try {
            await retry(uuid, `${key}-${uuid}`);
          } catch (error) {
            const failure = asFailure(error);
            // Without a connection, the action is repeated as a whole; what is done stays done.
            if (failure.code === 'network' || isCancelled(failure)) throw failure;
            failures.push(failure);
          }
          setDone((before) => before + 1);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      return failures;
    },
    success: (failures, uuids) => (failures.length ? null : `${uuids.length === 1 ? 'The mail is' : `${uuids.length} mails are`} sent again`),
    onSuccess: (failures, uuids) => {
      if (failures[0]) {
        toast.info(`${uuids.length - failures.length} of ${uuids.length} mails are sent again`);
        toast.failure(failures[0]);
      }
    },
  });
  return (
    <Button
      icon={<RefreshIcon size={15} />}
      disabled={!mails.length && !action.isPending}
      isPending={action.isPending}
      onClick={() => action.run(mails.map(({ uuid }) => uuid))}
    >
      {action.isPaused ? 'Waiting for the network…' : action.isPending ? `${done} done…` : `Retry all ${mails.length} on this page`}
    </Button>
  );
}
