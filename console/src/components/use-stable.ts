import { useCallback, useLayoutEffect, useRef } from 'react';

/** The same function in every render, which calls the latest one. Columns with it stay the same, so that an open menu in a row stays open. */
export function useStable<Args extends unknown[], Result>(run: (...args: Args) => Result): (...args: Args) => Result {
  const latest = useRef(run);
  useLayoutEffect(() => {
    latest.current = run;
  });
  return useCallback((...args: Args) => latest.current(...args), []);
}
