import { type ReactNode, useId } from 'react';
import { type Trigger, usePopover } from './use-popover';

export { Menu, type MenuItem } from './menu';

/** A panel that opens at a button. `trigger` renders the button: `(props) => <button {...props}>`. */
export function Popover({
  trigger,
  label,
  align = 'start',
  className,
  children,
}: {
  trigger: (props: Trigger) => ReactNode;
  label: string;
  align?: 'start' | 'end';
  className?: string;
  children: (close: () => void) => ReactNode;
}) {
  const id = useId();
  const { button, popover, isOpen, close } = usePopover(align);
  return (
    <>
      {trigger({ ref: button, popoverTarget: id, 'aria-expanded': isOpen, 'aria-haspopup': 'dialog' })}
      <div
        ref={popover}
        id={id}
        popover="auto"
        role="dialog"
        aria-label={label}
        className={['popover', className].filter(Boolean).join(' ')}
      >
        {isOpen && children(close)}
      </div>
    </>
  );
}
