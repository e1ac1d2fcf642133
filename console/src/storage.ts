/** Settings of this browser, never data or tokens. Browsers can refuse localStorage; then settings last until a reload. */
const prefix = 'patron-console:';

export function readSetting<T>(name: string, fallback: T): T {
  try {
    const text = localStorage.getItem(prefix + name);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

export function writeSetting(name: string, value: unknown) {
  try {
    if (value === null) localStorage.removeItem(prefix + name);
    else localStorage.setItem(prefix + name, JSON.stringify(value));
  } catch {
    // Not kept.
  }
}
