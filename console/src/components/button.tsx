import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { Link } from '../router';

type Look = {
  /** primary: the main action, at most one of a page or dialog. danger: deletes. plain: no frame. */
  kind?: 'primary' | 'secondary' | 'danger' | 'plain';
  icon?: ReactNode;
  small?: boolean;
};

const classes = ({ kind = 'secondary', small }: Look, more?: string) =>
  ['button', kind, small && 'small', more].filter(Boolean).join(' ');

/** While `isPending`, clicks do nothing, and the button keeps its focus and width. */
export function Button({
  kind,
  icon,
  small,
  isPending,
  children,
  className,
  onClick,
  disabled,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & Look & { isPending?: boolean }) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled}
      aria-disabled={isPending || undefined}
      aria-busy={isPending || undefined}
      className={classes({ kind, small }, className)}
      onClick={(event) => {
        if (isPending) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {icon}
      {children !== undefined && <span className="button-label">{children}</span>}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({ to, kind, icon, small, children }: Look & { to: string; children: ReactNode }) {
  return (
    <Link to={to} className={classes({ kind, small })}>
      {icon}
      <span className="button-label">{children}</span>
    </Link>
  );
}

/** A button with only an icon. The label is its name and its tooltip. */
export function IconButton({
  label,
  children,
  className,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={['icon-button', className].filter(Boolean).join(' ')}
    >
      {children}
    </button>
  );
}
