import { useEffect, useRef, useState } from 'react';
import { Dialog } from '../components/dialog';

type Shortcut = { keys: string; label: string; group: string; run: (event: KeyboardEvent) => void };

const shortcuts = new Set<{ current: Shortcut }>();
/** The first key of a sequence such as `g c`, and when it was pressed. */
let first: { key: string; at: number } | null = null;

/**
 * Registers a keyboard shortcut while the component is mounted: `j`, `?`, the sequence `g c`, or `mod+s` (Ctrl, or Command on
 * a Mac). Shortcuts do nothing while a dialog is open, and those without `mod` while the user types in a field. The latest
 * registration wins. The help dialog lists them.
 */
export function useShortcut(
  keys: string,
  label: string,
  run: (event: KeyboardEvent) => void,
  options: { group?: string; enabled?: boolean } = {},
) {
  const { group = 'This page', enabled = true } = options;
  const entry = useRef<Shortcut>({ keys, label, group, run });
  useEffect(() => {
    entry.current = { keys, label, group, run };
  });
  useEffect(() => {
    if (!enabled) return;
    shortcuts.add(entry);
    return () => void shortcuts.delete(entry);
  }, [enabled]);
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.matches('textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])'));

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  if (event.ctrlKey || event.metaKey) return runWithModifier(event);
  if (isTyping(event.target) || document.querySelector('dialog[open], [popover=auto]:popover-open')) return;
  const sequence = first && Date.now() - first.at < 1500 ? `${first.key} ${event.key}` : null;
  const found = (sequence && findLast(sequence)) ?? findLast(event.key);
  first = null;
  if (found) {
    event.preventDefault();
    found.run(event);
  } else if ([...shortcuts].some(({ current }) => current.keys.startsWith(`${event.key} `))) {
    first = { key: event.key, at: Date.now() };
  }
});

/** Prevents the browser's own action in a dialog as well: saving the page as a file is never meant. */
function runWithModifier(event: KeyboardEvent) {
  const found = findLast(`mod+${event.key.toLowerCase()}`);
  if (!found) return;
  event.preventDefault();
  if (!event.repeat && !document.querySelector('dialog[open]')) found.run(event);
}

const isMac = /mac|iphone|ipad/i.test(navigator.userAgent);
const shown = (key: string) => (key.startsWith('mod+') ? `${isMac ? '⌘' : 'Ctrl'} ${key.slice(4).toUpperCase()}` : key);

const findLast = (keys: string) => [...shortcuts].findLast(({ current }) => current.keys === keys)?.current;

/** Opens at `?` or from the account menu. */
export function ShortcutHelp({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [groups, setGroups] = useState<[string, Shortcut[]][]>([]);
  useEffect(() => {
    if (!open) return;
    const all = new Map<string, Map<string, Shortcut>>();
    for (const { current } of shortcuts) {
      if (!all.has(current.group)) all.set(current.group, new Map());
      all.get(current.group)!.set(current.keys, current);
    }
    setGroups([...all].map(([name, entries]) => [name, [...entries.values()]]));
  }, [open]);
  return (
    <Dialog open={open} title="Keyboard shortcuts" onClose={onClose}>
      <div className="shortcut-groups">
        {groups.map(([name, entries]) => (
          <section key={name}>
            <h3>{name}</h3>
            <dl>
              {entries.map(({ keys, label }) => (
                <div key={keys}>
                  <dt>{label}</dt>
                  <dd>
                    {keys.split(' ').map((key, at) => (
                      <span key={at}>
                        {at > 0 && <span className="soft"> then </span>}
                        <kbd>{shown(key)}</kbd>
                      </span>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
