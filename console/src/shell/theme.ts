import { useSyncExternalStore } from 'react';
import { readSetting, writeSetting } from '../storage';

export type Theme = 'system' | 'light' | 'dark';

let theme = readSetting<Theme>('theme', 'system');
const listeners = new Set<() => void>();

function apply() {
  // tokens.css derives every colour from color-scheme.
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
apply();

export function setTheme(next: Theme) {
  theme = next;
  writeSetting('theme', next === 'system' ? null : next);
  apply();
  listeners.forEach((listener) => listener());
}

export const useTheme = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => theme,
  );
