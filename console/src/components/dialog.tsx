import { type FormEvent, type ReactNode, useEffect, useId, useRef } from 'react';
import { Button, IconButton } from './button';
import { CloseIcon } from './icons';

/**
 * A modal dialog, the platform's own. Its content is mounted only while it is open. Escape and the close button call
 * `onClose`. With `onSubmit` the content is a form. `[data-first]` gets the focus, otherwise the first control.
 */
export function Dialog({
  open,
  title,
  onClose,
  onSubmit,
  footer,
  size = 'medium',
  opaque,
  children,
}: {
  open: boolean;
  title: ReactNode;
  onClose?: () => void;
  onSubmit?: () => void;
  footer?: ReactNode;
  size?: 'small' | 'medium' | 'large';
  /** Hides the page behind it. */
  opaque?: boolean;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    if (!open) return;
    const element = dialog.current!;
    const before = document.activeElement;
    element.showModal();
    const first =
      element.querySelector<HTMLElement>('[data-first]') ??
      element.querySelector<HTMLElement>('.dialog-body :is(input, select, textarea, button):not([disabled])') ??
      element.querySelector<HTMLElement>('.dialog-footer button:last-child');
    first?.focus();
    return () => {
      element.close();
      // What opened the dialog may be gone, such as the button of a row that was deleted.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
      else document.getElementById('main')?.focus({ preventScroll: true });
    };
  }, [open]);
  if (!open) return null;

  const content = (
    <>
      <header className="dialog-header">
        <h2 id={titleId}>{title}</h2>
        {onClose && (
          <IconButton label="Close" onClick={onClose}>
            <CloseIcon />
          </IconButton>
        )}
      </header>
      <div className="dialog-body">{children}</div>
      {footer && <footer className="dialog-footer">{footer}</footer>}
    </>
  );
  return (
    <dialog
      ref={dialog}
      className={`dialog ${size}${opaque ? ' opaque' : ''}`}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      // Chromium closes a dialog at the second Escape even if cancel is prevented.
      onKeyDown={(event) => {
        if (event.key === 'Escape' && event.target instanceof Element && !event.target.closest('[popover]')) {
          event.preventDefault();
          event.stopPropagation();
          onClose?.();
        }
      }}
    >
      {onSubmit ? (
        <form
          className="dialog-form"
          noValidate
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            event.stopPropagation();
            onSubmit();
          }}
        >
          {content}
        </form>
      ) : (
        <div className="dialog-form">{content}</div>
      )}
    </dialog>
  );
}

/** The usual buttons of a dialog with a form. */
export function DialogButtons({
  action,
  onCancel,
  isPending,
  isPaused,
  danger,
  disabled,
}: {
  action: string;
  onCancel?: () => void;
  isPending?: boolean;
  isPaused?: boolean;
  danger?: boolean;
  disabled?: boolean;
}) {
  return (
    <>
      {isPaused && <span className="dialog-note">Waiting for the network…</span>}
      {onCancel && <Button onClick={onCancel}>Cancel</Button>}
      <Button type="submit" kind={danger ? 'danger' : 'primary'} isPending={isPending} disabled={disabled}>
        {action}
      </Button>
    </>
  );
}
