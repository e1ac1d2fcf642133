import type { CustomerFilter } from '../../api/generated/graphql';
import { useAction } from '../../api/action';
import { call, rest, writeHeaders } from '../../api/rest';

/** The customers of a bulk action: those selected, or everything that the filter finds. */
export type Target = { uuids: string[] } | { filter: CustomerFilter | undefined };
export type BulkAction = 'enable' | 'disable' | 'set_group' | 'end_sessions' | 'delete';
export type BulkResult = {
  action: BulkAction;
  total: number;
  done: number;
  unchanged: number;
  failed: number;
  results: { uuid: string; result: 'done' | 'unchanged' | 'failed'; message: string | null }[];
};

export const MOST = 1000;

type Words = {
  label: string;
  /** "Disable 17 customers?" */
  verb: string;
  doing: string;
  effect: string;
  danger?: boolean;
};
export const ACTIONS: Record<BulkAction, Words> = {
  enable: { label: 'Enable', verb: 'Enable', doing: 'Enabling', effect: 'They can log in again.' },
  disable: {
    label: 'Disable',
    verb: 'Disable',
    doing: 'Disabling',
    effect: 'They can no longer log in, and their sessions end. Their data stays.',
  },
  set_group: {
    label: 'Set group…',
    verb: 'Move',
    doing: 'Moving',
    effect: 'They leave their current group.',
  },
  end_sessions: {
    label: 'End sessions',
    verb: 'End all sessions of',
    doing: 'Ending the sessions of',
    effect: 'They are logged out on all devices, and can log in again.',
  },
  delete: {
    label: 'Delete…',
    verb: 'Delete',
    doing: 'Deleting',
    effect: 'Accounts, addresses, custom fields, sessions and mails are erased. This cannot be undone.',
    danger: true,
  },
};

export const customersOf = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'customer' : 'customers'}`;

type Input = { action: BulkAction; target: Target; group?: number; count: number };

/**
 * Changes many customers with one request. The server changes all or none of them, and repeats the response for the same
 * idempotency key, so that a retry after an interruption does nothing twice.
 */
export const useBulkAction = () =>
  useAction<Input, BulkResult>({
    run: ({ action, target, group, count }, { key }) => {
      // The contract says only that the filter is an object.
      const filter = 'filter' in target ? ((target.filter ?? {}) as Record<string, never>) : undefined;
      const body = {
        action,
        ...(group !== undefined && { group_id: group }),
        ...('uuids' in target ? { customers: target.uuids } : { filter, expected_count: count }),
      };
      return call(rest.POST('/api/customers/bulk', { body, headers: writeHeaders(key) })) as Promise<BulkResult>;
    },
    onFailure: () => true,
  });
