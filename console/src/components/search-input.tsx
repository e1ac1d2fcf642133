import { useEffect, useRef, useState } from 'react';
import { useShortcut } from '../shell/shortcuts';
import { TextInput } from './field';
import { SearchIcon } from './icons';

/** How long after the last key the search starts. */
const PAUSE = 220;

/** A search that starts while the user types. `/` moves the focus here, Escape out of it. */
export function SearchInput({
  label,
  placeholder,
  value,
  onChange,
}: {
  label: string;
  placeholder?: string;
  value: string;
  onChange: (text: string) => void;
}) {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  const timer = useRef(0);
  const input = useRef<HTMLInputElement>(null);
  useShortcut('/', 'Search', () => input.current?.select(), { group: 'List' });
  useEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    setText(value);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const send = (next: string) => {
    clearTimeout(timer.current);
    if (next.trim() === sent.current) return;
    sent.current = next.trim();
    onChange(next);
  };
  return (
    <search className="search-input">
      <SearchIcon />
      <TextInput
        ref={input}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        aria-keyshortcuts="/"
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        value={text}
        onChange={(event) => {
          const next = event.target.value;
          setText(next);
          clearTimeout(timer.current);
          timer.current = window.setTimeout(() => send(next), next ? PAUSE : 0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') send(text);
          if (event.key === 'Escape') {
            event.preventDefault(); // browsers would clear the field
            input.current?.blur();
          }
        }}
      />
      {!text && <kbd aria-hidden="true">/</kbd>}
    </search>
  );
}
