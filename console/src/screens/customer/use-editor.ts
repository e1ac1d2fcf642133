import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Editor } from './editor';
import type { Saver } from './saver';

type Value = { editor: Editor; saver: Saver; save: () => void };

export const EditorContext = createContext<Value | null>(null);

/** The form of the page, and its state, with which the component is rendered again. */
export function useEditor() {
  const value = useContext(EditorContext);
  if (!value) throw new Error('There is no customer on this page');
  const state = useSyncExternalStore(value.editor.subscribe, value.editor.getState);
  return { ...value, state };
}

/** Moves the focus to the first control with a problem. It may be shown only after some frames: the address opens first. */
export function focusProblem(frames = 20) {
  requestAnimationFrame(() => {
    const control = document.querySelector<HTMLElement>('.customer-form [aria-invalid=true]');
    if (!control?.checkVisibility()) {
      if (frames > 0) focusProblem(frames - 1);
      return;
    }
    control.focus({ preventScroll: true });
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    control.scrollIntoView({ block: 'center', behavior: isCalm ? 'instant' : 'smooth' });
  });
}

/** Moves the focus into the fields of an address, once they are shown. */
export function focusAddress(id: string) {
  requestAnimationFrame(() => {
    const item = document.getElementById(`address-${id}`);
    item?.querySelector<HTMLElement>('.customer-grid input, .customer-grid select')?.focus();
  });
}
