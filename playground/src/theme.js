import { useEffect, useState } from 'react';

const KEY = 'graphiql:theme'; // the key that GraphiQL uses
const dark = matchMedia('(prefers-color-scheme: dark)');

/** The theme of the system: 'light' or 'dark'. */
export const systemTheme = () => (dark.matches ? 'dark' : 'light');

/** Calls the listener when the theme of the system changes. Returns a function that unsubscribes it. */
export function onSystemTheme(listener) {
  dark.addEventListener('change', listener);
  return () => dark.removeEventListener('change', listener);
}

/** Returns the current theme and a setter. Until the user chooses a theme, it is the theme of the system. */
export function useTheme(storage) {
  const [chosen, setChosen] = useState(() => storage?.getItem(KEY) || null);
  const [system, setSystem] = useState(systemTheme);
  useEffect(() => onSystemTheme(() => setSystem(systemTheme())), []);
  // Choosing the theme of the system means to follow it.
  return [chosen ?? system, (theme) => setChosen(theme === systemTheme() ? null : theme)];
}
