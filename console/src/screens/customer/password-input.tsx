import { useState } from 'react';
import { Button } from '../../components/button';
import { CopyButton } from '../../components/copy-button';
import { Field, TextInput } from '../../components/field';
import { randomPassword } from '../../components/random-password';

/** A new password, hidden unless it is generated or shown. */
export function PasswordInput({
  username,
  value,
  onChange,
  error,
}: {
  /** For password managers: whose password it is. */
  username: string;
  value: string;
  onChange: (value: string) => void;
  error?: string;
}) {
  const [isShown, setShown] = useState(false);
  return (
    <div className="stack customer-password">
      <input type="text" autoComplete="username" value={username} readOnly hidden />
      <Field label="New password" error={error} hint="At least 8 characters, and none of the common passwords.">
        <TextInput
          data-first
          type={isShown ? 'text' : 'password'}
          dir="ltr"
          autoComplete="new-password"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={1024}
          value={value}
          onChange={({ target }) => onChange(target.value)}
        />
      </Field>
      <div className="row">
        <Button small aria-pressed={isShown} onClick={() => setShown(!isShown)}>
          Show
        </Button>
        <Button
          small
          onClick={() => {
            onChange(randomPassword());
            setShown(true);
          }}
        >
          Generate
        </Button>
        {isShown && value && <CopyButton text={value} label="Copy the password" />}
      </div>
    </div>
  );
}
