import { useSyncExternalStore } from 'react';
import { cancelled, type Failure } from './failure';
import type { Account } from './session-tokens';

export type SessionState = {
  status: 'starting' | 'signed-out' | 'signed-in' | 'expired';
  account: Account | null;
  /** The server requires a second factor, and this admin has none. */
  setupRequired: boolean;
};

let state: SessionState = { status: 'starting', account: null, setupRequired: false };
const listeners = new Set<() => void>();
let waiters: { resolve: () => void; reject: (failure: Failure) => void }[] = [];

export const useSession = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
export const getSession = () => state;

/** Changes the state. Requests that wait for a sign-in continue, or fail if the admin has signed out. */
export function setSession(next: Partial<SessionState>) {
  state = { ...state, ...next };
  listeners.forEach((listener) => listener());
  if (state.status !== 'signed-in' && state.status !== 'signed-out') return;
  const settled = waiters;
  waiters = [];
  for (const { resolve, reject } of settled) {
    if (state.status === 'signed-in') resolve();
    else reject(cancelled());
  }
}

/** Resolves at the next sign-in. Rejects if the admin signs out instead. */
export const nextSignIn = () => new Promise<void>((resolve, reject) => waiters.push({ resolve, reject }));
