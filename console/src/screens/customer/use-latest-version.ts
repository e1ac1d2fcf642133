import { useQueryClient } from '@tanstack/react-query';
import { asFailure } from '../../api/failure';
import { newKey, writeHeaders } from '../../api/rest';
import { type Customer, customerOptions } from './queries';

const MAX_ROUNDS = 3;

/**
 * For actions whose meaning does not depend on what else is stored: they name the version that was read, and when it has
 * changed, the newer one, unless `unless` says that the action may not be meant for it.
 */
export function useLatestVersion() {
  const client = useQueryClient();
  return async <Result>(
    start: { uuid: string; version: number; key: string; unless?: (latest: Customer) => boolean },
    send: (headers: Record<string, string>) => Promise<Result>,
  ): Promise<Result> => {
    let { version, key } = start;
    for (let round = 1; ; round++) {
      try {
        return await send(writeHeaders(key, version));
      } catch (error) {
        const failure = asFailure(error);
        if (failure.status !== 412 || round === MAX_ROUNDS) throw failure;
        const { customer } = await client.fetchQuery({ ...customerOptions(start.uuid), staleTime: 0 });
        if (!customer || start.unless?.(customer)) throw failure;
        version = customer.version;
        key = newKey();
      }
    }
  };
}
