import { useAction } from '../../api/action';
import { call, rest, writeHeaders } from '../../api/rest';

/** Sends all deliveries of an endpoint again that failed for three days. */
export const useReplayAll = (uuid: string) =>
  useAction({
    run: (_: null, { key }) =>
      call(rest.POST('/api/webhook-endpoints/{uuid}/replay', { params: { path: { uuid } }, headers: writeHeaders(key) })),
    success: ({ count }) =>
      count === 0 ? 'There are no failed deliveries' : count === 1 ? 'One delivery is sent again' : `${count.toLocaleString('en')} deliveries are sent again`,
  });

/** Sends one delivery again, whatever its status. */
export const useReplay = () =>
  useAction({
    run: (uuid: string, { key }) =>
      call(rest.POST('/api/webhook-deliveries/{uuid}/replay', { params: { path: { uuid } }, headers: writeHeaders(key) })),
    success: 'The event is sent again',
  });
