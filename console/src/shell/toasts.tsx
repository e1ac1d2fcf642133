import { type ReactNode, useEffect, useRef, useSyncExternalStore } from 'react';
import { asFailure, hintFor, isCancelled } from '../api/failure';
import { Button, IconButton } from '../components/button';
import { CheckIcon, CloseIcon, InfoIcon, WarningIcon } from '../components/icons';

type Toast = {
  id: number;
  kind: 'success' | 'info' | 'failure';
  text: ReactNode;
  detail?: ReactNode;
  requestId?: string | null;
  action?: { label: string; run: () => void };
};

let toasts: Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();
function set(next: Toast[]) {
  toasts = next;
  listeners.forEach((listener) => listener());
}
function add(parts: Omit<Toast, 'id'>, seconds: number | null) {
  const id = ++last;
  set([...toasts.filter(({ kind, text }) => kind !== parts.kind || text !== parts.text), { id, ...parts }].slice(-4));
  if (seconds) setTimeout(() => dismiss(id), seconds * 1000);
  return id;
}
export const dismiss = (id: number) => set(toasts.filter((toast) => toast.id !== id));

/** Short messages in the corner, which screen readers announce. A failure stays until it is closed. */
export const toast = {
  success: (text: ReactNode, action?: Toast['action']) => add({ kind: 'success', text, action }, action ? 10 : 5),
  info: (text: ReactNode, action?: Toast['action']) => add({ kind: 'info', text, action }, 8),
  failure: (error: unknown, action?: Toast['action']) => {
    if (isCancelled(error)) return 0;
    const failure = asFailure(error);
    return add(
      {
        kind: 'failure',
        text: failure.message,
        detail: hintFor(failure),
        requestId: failure.requestId,
        action,
      },
      null,
    );
  },
};

const ICONS = { success: <CheckIcon />, info: <InfoIcon />, failure: <WarningIcon /> };

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  // Always in the top layer, so that screen readers know the region, and above a dialog that was opened before the toast.
  const element = useRef<HTMLDivElement>(null);
  const newest = shown.at(-1)?.id;
  useEffect(() => {
    const region = element.current!;
    if (newest && document.querySelector('dialog[open]')) region.hidePopover();
    if (!region.matches(':popover-open')) region.showPopover();
  }, [newest]);
  return (
    <div ref={element} popover="manual" className="toasts" role="region" aria-label="Notifications">
      <div aria-live="polite" className="toast-list">
        {shown.map(({ id, kind, text, detail, requestId, action }) => (
          <div key={id} className={`toast ${kind}`} role={kind === 'failure' ? 'alert' : undefined}>
            <span className="toast-icon">{ICONS[kind]}</span>
            <div className="toast-text">
              <p>{text}</p>
              {detail && <p className="soft">{detail}</p>}
              {requestId && (
                <p className="soft">
                  Request <code>{requestId}</code>
                </p>
              )}
            </div>
            {action && (
              <Button
                small
                onClick={() => {
                  dismiss(id);
                  action.run();
                }}
              >
                {action.label}
              </Button>
            )}
            <IconButton label="Dismiss" onClick={() => dismiss(id)}>
              <CloseIcon />
            </IconButton>
          </div>
        ))}
      </div>
    </div>
  );
}
