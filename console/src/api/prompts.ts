import { useSyncExternalStore } from 'react';
import { cancelled } from './failure';

/** The step-up dialog that a request waits for. src/shell/step-up.tsx shows it. */
export type StepUpPrompt = { resolve: () => void; reject: () => void };

let prompt: StepUpPrompt | null = null;
let pending: Promise<void> | null = null;
const listeners = new Set<() => void>();

function show(next: StepUpPrompt | null) {
  prompt = next;
  listeners.forEach((listener) => listener());
}

/** Asks for the second factor. Concurrent requests share one dialog. Rejects if the user cancels. */
export function askForStepUp(): Promise<void> {
  pending ??= new Promise<void>((resolve, reject) => {
    const end = (settle: () => void) => () => {
      pending = null;
      show(null);
      settle();
    };
    show({ resolve: end(resolve), reject: end(() => reject(cancelled())) });
  });
  return pending;
}

export const useStepUpPrompt = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => prompt,
  );
