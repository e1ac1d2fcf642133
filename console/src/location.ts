import { useCallback, useEffect, useSyncExternalStore } from 'react';

/** Paths in the code are below this one: `/customers` is `/admin/customers`. */
export const BASE = '/admin';

type Location = { path: string; search: string };

const inBase = (pathname: string) => pathname.slice(BASE.length).replace(/\/+$/, '') || '/';
const read = (): Location => ({ path: inBase(window.location.pathname), search: window.location.search });

let current = read();
let index: number = history.state?.index ?? 0;
const listeners = new Set<() => void>();
const guards = new Set<() => boolean>();
/** A jump of the history that was already confirmed. */
let isConfirmed = false;

history.replaceState({ index }, '');

function changed() {
  current = read();
  listeners.forEach((listener) => listener());
}

const hasUnsaved = () => [...guards].some((guard) => guard());

let askToLeave: () => Promise<boolean> = async () => false;
/** Sets the question that is asked before a page with unsaved changes is left. */
export function setLeaveQuestion(ask: () => Promise<boolean>) {
  askToLeave = ask;
}

addEventListener('popstate', (event) => {
  const next: number = event.state?.index ?? 0;
  const samePath = inBase(location.pathname) === current.path;
  if (!isConfirmed && !samePath && hasUnsaved()) {
    const jump = next - index;
    history.go(-jump);
    isConfirmed = true; // for the jump back
    void askToLeave().then((leave) => {
      if (leave) {
        isConfirmed = true;
        index = next;
        history.go(jump);
      }
    });
    return;
  }
  isConfirmed = false;
  index = next;
  changed();
});

addEventListener('beforeunload', (event) => {
  if (hasUnsaved()) event.preventDefault();
});

/** Opens a path of the console, such as `/customers?status=0`. Asks first if there are unsaved changes. */
export async function navigate(to: string, options: { replace?: boolean; force?: boolean } = {}) {
  const [path] = to.split('?');
  if (!options.force && path !== current.path && hasUnsaved() && !(await askToLeave())) return;
  const url = BASE + (to === '/' ? '' : to.startsWith('/?') ? to.slice(1) : to);
  if (options.replace) history.replaceState({ index }, '', url);
  else history.pushState({ index: ++index }, '', url);
  changed();
}

export const useLocation = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );

/** The query of the URL, and a function that changes it. `update` gets a copy and changes it in place. */
export function useSearch() {
  const { search } = useLocation();
  const change = useCallback((update: (params: URLSearchParams) => void, options?: { replace?: boolean }) => {
    const params = new URLSearchParams(current.search);
    update(params);
    const text = params.toString();
    if (text === new URLSearchParams(current.search).toString()) return;
    void navigate(current.path + (text && `?${text}`), options);
  }, []);
  return [new URLSearchParams(search), change] as const;
}

/** While `isDirty`, leaving the page asks first. */
export function useUnsavedGuard(isDirty: boolean) {
  useEffect(() => {
    if (!isDirty) return;
    const guard = () => true;
    guards.add(guard);
    return () => void guards.delete(guard);
  }, [isDirty]);
}

/** The address of a path of the console, for `href`. */
export const href = (to: string) => BASE + (to === '/' ? '' : to);

/** The path of the page. */
export const currentPath = () => current.path;
