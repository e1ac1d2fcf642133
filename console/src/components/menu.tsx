import { type KeyboardEvent, type ReactNode, useId } from 'react';
import { Link } from '../router';
import { type Trigger, usePopover } from './use-popover';

export type MenuItem =
  | {
      label: ReactNode;
      icon?: ReactNode;
      hint?: ReactNode;
      danger?: boolean;
      disabled?: boolean;
      /** Shows a check mark, for a choice. */
      checked?: boolean;
      to?: string;
      onSelect?: () => void;
    }
  | 'separator'
  | { heading: ReactNode };

/** A menu that opens at a button. Arrow keys, Home, End, letters and Escape work as in menus of the system. */
export function Menu({
  trigger,
  label,
  items,
  align = 'end',
}: {
  trigger: (props: Trigger) => ReactNode;
  label: string;
  items: (MenuItem | false | null | undefined)[];
  align?: 'start' | 'end';
}) {
  const id = useId();
  const { button, popover, isOpen, close } = usePopover(align);
  const onKeyDown = (event: KeyboardEvent) => {
    const entries = [...popover.current!.querySelectorAll<HTMLElement>('[role^=menuitem]:not([aria-disabled])')];
    const at = entries.indexOf(document.activeElement as HTMLElement);
    const target =
      event.key === 'ArrowDown'
        ? entries[(at + 1) % entries.length]
        : event.key === 'ArrowUp'
          ? entries.at(at <= 0 ? -1 : at - 1)
          : event.key === 'Home'
            ? entries[0]
            : event.key === 'End'
              ? entries.at(-1)
              : event.key.length === 1 && !event.ctrlKey && !event.metaKey
                ? [...entries.slice(at + 1), ...entries].find((entry) =>
                    entry.textContent?.trim().toLowerCase().startsWith(event.key.toLowerCase()),
                  )
                : undefined;
    if (event.key === 'Tab') close();
    if (!target) return;
    event.preventDefault();
    event.stopPropagation();
    target.focus();
  };
  return (
    <>
      {trigger({ ref: button, popoverTarget: id, 'aria-expanded': isOpen, 'aria-haspopup': 'menu' })}
      <div ref={popover} id={id} popover="auto" role="menu" aria-label={label} className="popover menu" onKeyDown={onKeyDown}>
        {isOpen &&
          items.map((item, at) => {
            if (!item) return null;
            if (item === 'separator') return <hr key={at} />;
            if ('heading' in item) {
              return (
                <div key={at} className="menu-heading" role="presentation">
                  {item.heading}
                </div>
              );
            }
            const content = (
              <>
                <span className="menu-icon">{item.icon}</span>
                <span className="menu-label">{item.label}</span>
                {item.hint && <span className="menu-hint">{item.hint}</span>}
              </>
            );
            const props = {
              className: item.danger ? 'menu-item danger' : 'menu-item',
              role: item.checked === undefined ? 'menuitem' : 'menuitemradio',
              'aria-checked': item.checked,
              'aria-disabled': item.disabled || undefined,
              tabIndex: -1,
            };
            return item.to ? (
              <Link key={at} {...props} to={item.to} onClick={close}>
                {content}
              </Link>
            ) : (
              <button
                key={at}
                type="button"
                {...props}
                onClick={() => {
                  if (item.disabled) return;
                  close();
                  item.onSelect?.();
                }}
              >
                {content}
              </button>
            );
          })}
      </div>
    </>
  );
}
