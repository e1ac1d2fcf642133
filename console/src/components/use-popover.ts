import { type RefObject, useEffect, useRef, useState } from 'react';

/** The properties of the button that opens a popover. */
export type Trigger = {
  ref: RefObject<HTMLButtonElement | null>;
  popoverTarget: string;
  'aria-expanded': boolean;
  'aria-haspopup': 'menu' | 'dialog';
};

/** Places a popover of the platform below its button, or above it where there is no room. */
function place(popover: HTMLElement, button: HTMLElement, align: 'start' | 'end') {
  const anchor = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const gap = 4;
  const edge = 8;
  const left = align === 'start' ? anchor.left : anchor.right - width;
  const below = anchor.bottom + gap;
  const isBelow = below + height <= innerHeight - edge || anchor.top < innerHeight / 2;
  popover.style.left = `${Math.max(edge, Math.min(left, innerWidth - width - edge))}px`;
  popover.style.top = `${isBelow ? below : Math.max(edge, anchor.top - gap - height)}px`;
  popover.style.maxHeight = `${isBelow ? innerHeight - below - edge : anchor.top - gap - edge}px`;
}

/** The state of a popover of the platform, its focus and its place. */
export function usePopover(align: 'start' | 'end') {
  const button = useRef<HTMLButtonElement>(null);
  const popover = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const element = popover.current!;
    const onToggle = (event: ToggleEvent) => setOpen(event.newState === 'open');
    element.addEventListener('toggle', onToggle);
    return () => element.removeEventListener('toggle', onToggle);
  }, []);
  useEffect(() => {
    if (!isOpen) return;
    const replace = () => place(popover.current!, button.current!, align);
    replace();
    popover.current!.dataset.placed = '';
    const first =
      popover.current!.querySelector<HTMLElement>('[data-first]') ??
      popover.current!.querySelector<HTMLElement>('button, a, input, select');
    first?.focus();
    const observer = new ResizeObserver(replace);
    observer.observe(popover.current!);
    addEventListener('resize', replace);
    addEventListener('scroll', replace, true);
    const element = popover.current!;
    return () => {
      delete element.dataset.placed;
      observer.disconnect();
      removeEventListener('resize', replace);
      removeEventListener('scroll', replace, true);
    };
  }, [isOpen, align]);
  const close = () => {
    popover.current?.hidePopover();
    button.current?.focus();
  };
  return { button, popover, isOpen, close };
}
