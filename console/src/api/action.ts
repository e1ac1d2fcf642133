import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { toast } from '../shell/toasts';
import { asFailure, type Failure, isCancelled } from './failure';
import { newKey } from './rest';

type Options<Input, Result> = {
  /** Sends the change. `key` is the idempotency key of this action. */
  run: (input: Input, context: { key: string }) => Promise<Result>;
  /** The toast after a success. */
  success?: string | ((result: Result, input: Input) => string | null);
  onSuccess?: (result: Result, input: Input) => void;
  /** Returns true if the failure is shown elsewhere; otherwise it becomes a toast. Forms that show `failure` return true. */
  onFailure?: (failure: Failure, input: Input) => boolean | void;
  /** The names of the operations to load again; by default all that are on the screen. */
  refreshes?: string[];
};

/**
 * A change that the user makes.
 *
 * One action has one idempotency key: a double click is ignored while the action runs, and a retry after a failure that
 * leaves the outcome open (no response, 5xx) repeats the key, as long as the input is the same. So nothing is done twice.
 * Without a network, the action waits for it (`isPaused`).
 */
export function useAction<Input, Result>(options: Options<Input, Result>) {
  const client = useQueryClient();
  const attempt = useRef<{ fingerprint: string; key: string } | null>(null);
  const running = useRef(false);
  const mutation = useMutation<Result, Failure, Input>({
    mutationFn: async (input) => {
      const fingerprint = JSON.stringify(input) ?? '';
      if (attempt.current?.fingerprint !== fingerprint) attempt.current = { fingerprint, key: newKey() };
      try {
        return await options.run(input, { key: attempt.current.key });
      } catch (error) {
        throw asFailure(error);
      }
    },
    retry: (count, failure) => failure.code === 'network' && count < 2,
    retryDelay: 800,
    onError: (failure, input) => {
      if (!failure.isUncertain) attempt.current = null;
      // Another admin changed the record: show its current values.
      if (failure.status === 412) void client.invalidateQueries();
      if (isCancelled(failure)) return;
      if (!options.onFailure?.(failure, input)) toast.failure(failure);
    },
    onSuccess: (result, input) => {
      attempt.current = null;
      void client.invalidateQueries(
        options.refreshes && { predicate: ({ queryKey }) => options.refreshes!.includes(String(queryKey[0])) },
      );
      const text = typeof options.success === 'function' ? options.success(result, input) : options.success;
      if (text) toast.success(text);
      options.onSuccess?.(result, input);
    },
    onSettled: () => {
      running.current = false;
    },
  });

  return {
    /** Starts the action, unless it is running. */
    run: (input: Input) => {
      if (running.current) return;
      running.current = true;
      mutation.mutate(input);
    },
    isPending: mutation.isPending,
    /** Waiting for the network to come back. */
    isPaused: mutation.isPaused,
    failure: mutation.error && !isCancelled(mutation.error) ? mutation.error : null,
    result: mutation.data,
    reset: mutation.reset,
  };
}
