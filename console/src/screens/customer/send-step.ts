import { asFailure } from '../../api/failure';
import { call, rest, writeHeaders } from '../../api/rest';
import type { Step } from './step';
import type { StepResult } from './step-result';

/** How often a request without a response is sent again by itself, and one whose first copy is still in progress. */
const RETRIES = { network: 2, inProgress: 8 };

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const backOnline = () => new Promise<void>((resolve) => addEventListener('online', () => resolve(), { once: true }));

/** Sends a step, again with the same key if there was no response. Without a network it waits. */
export async function sendStep(
  uuid: string,
  step: Step,
  key: string,
  onNetwork: (isOnline: boolean) => void,
): Promise<StepResult> {
  const left = { ...RETRIES };
  for (;;) {
    if (!navigator.onLine) {
      onNetwork(false);
      await backOnline();
      onNetwork(true);
    }
    try {
      return await sendOnce(uuid, step, key);
    } catch (error) {
      const failure = asFailure(error);
      if (failure.code === 'network' && left.network-- > 0) await sleep(800);
      else if (failure.status === 409 && failure.retryAfter && left.inProgress-- > 0) await sleep(failure.retryAfter * 1000);
      else throw failure;
    }
  }
}

async function sendOnce(uuid: string, step: Step, key: string): Promise<StepResult> {
  const headers = writeHeaders(key, step.version);
  const path = { uuid, address_uuid: step.address?.id ?? '' };
  // The names and types are those of the form, in plan.ts.
  const body = step.body as never;
  switch (step.kind) {
    case 'profile':
      return call(rest.PATCH('/api/customers/{uuid}', { params: { path }, body, headers }));
    case 'fields': {
      let tag: string | null = null;
      const sent = rest.PATCH('/api/customers/{uuid}/metafields', { params: { path }, body, headers });
      await call(sent.then((result) => ((tag = result.response.headers.get('ETag')), result)));
      // Only the header has the new version. If a proxy removed it: a change increases the version by one.
      const version = /"(\d+)"/.exec(tag ?? '')?.[1];
      return { version: version ? Number(version) : (step.version ?? 0) + 1 };
    }
    case 'address':
      return call(rest.PATCH('/api/customers/{uuid}/addresses/{address_uuid}', { params: { path }, body, headers }));
    case 'new-address':
      return call(rest.POST('/api/customers/{uuid}/addresses', { params: { path }, body, headers }));
    case 'delete-address':
      await call(rest.DELETE('/api/customers/{uuid}/addresses/{address_uuid}', { params: { path }, headers }));
      return {};
  }
}
