import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useAction } from '../../api/action';
import { useGraphql } from '../../api/graphql';
import { call, rest, writeHeaders } from '../../api/rest';
import { IconButton } from '../../components/button';
import { CheckIcon, ClockIcon, CloseIcon, WarningIcon } from '../../components/icons';
import { TestDelivery } from './queries';

/** Sends a test event to an endpoint. `uuid` is its delivery. */
export function useTest(endpoint: string) {
  const [uuid, setUuid] = useState<string | null>(null);
  const action = useAction({
    run: (_: null, { key }) =>
      call(rest.POST('/api/webhook-endpoints/{uuid}/test', { params: { path: { uuid: endpoint } }, headers: writeHeaders(key) })),
    onSuccess: (delivery) => setUuid(delivery.uuid),
  });
  return { uuid, run: () => action.run(null), isPending: action.isPending, close: () => setUuid(null) };
}

/** Watches a test delivery until its first attempt is over. */
export function TestResult({ endpoint, delivery: uuid, onClose }: { endpoint: string; delivery: string; onClose: () => void }) {
  const client = useQueryClient();
  const [isOver, setOver] = useState(false);
  const { data } = useGraphql(TestDelivery, { endpoint }, { every: isOver ? undefined : 1000, staleTime: 0 });
  const delivery = data?.webhookDeliveries.nodes.find((each) => each.uuid === uuid);
  // An attempt is counted when it begins; a failed one has an error.
  const isTried = delivery !== undefined && (delivery.status !== 'PENDING' || delivery.lastError !== null);
  useEffect(() => {
    if (!isTried) return;
    setOver(true);
    // The list below shows the result as well.
    void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === 'DeliveryList' || queryKey[0] === 'WebhookQueues' });
  }, [isTried, client]);
  const isGood = delivery?.status === 'DELIVERED';
  const duration = delivery?.durationMs !== null && delivery?.durationMs !== undefined ? ` after ${delivery.durationMs} ms` : '';
  return (
    <div className={`notice ${isTried ? (isGood ? 'good' : 'bad') : ''}`} role="status">
      {isTried ? isGood ? <CheckIcon /> : <WarningIcon /> : <ClockIcon />}
      <div className="notice-text">
        {!isTried ? (
          <p>The test is on its way…</p>
        ) : isGood ? (
          <p>
            The test arrived: the receiver responded with {delivery.responseStatus ?? 'success'}
            {duration}.
          </p>
        ) : (
          <>
            <p>
              The test failed: {delivery.lastError ?? 'no reason is known'}
              {duration}.
            </p>
            <p className="soft">Check the URL and the receiver’s log. It is tried again like every delivery.</p>
          </>
        )}
      </div>
      <IconButton label="Close" onClick={onClose}>
        <CloseIcon size={14} />
      </IconButton>
    </div>
  );
}
