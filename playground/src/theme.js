import { useEffect, useState } from 'react';

const KEY = 'graphiql:theme'; // where GraphiQL itself looks and writes
const dark = matchMedia('(prefers-color-scheme: dark)');

/** 'light' or 'dark', as the system has it. */
export const systemTheme = () => (dark.matches ? 'dark' : 'light');

/** Tells when the system changes its mind; gives back how to stop. */
export function onSystemTheme(listener) {
  dark.addEventListener('change', listener);
  return () => dark.removeEventListener('change', listener);
}

/** The theme in use, the system's until somebody chose; and how to choose. */
export function useTheme(storage) {
  const [chosen, setChosen] = useState(() => storage?.getItem(KEY) || null);
  const [system, setSystem] = useState(systemTheme);
  useEffect(() => onSystemTheme(() => setSystem(systemTheme())), []);
  // Choosing what the system has is following it.
  return [chosen ?? system, (theme) => setChosen(theme === systemTheme() ? null : theme)];
}
