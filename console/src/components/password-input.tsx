import { type InputHTMLAttributes, useState } from 'react';
import { IconButton } from './button';
import { EyeIcon, EyeOffIcon } from './icons';
import { TextInput } from './field';

/** A password, which the user can make visible. A child of Field. */
export function PasswordInput({
  isVisible = false,
  ...rest
}: InputHTMLAttributes<HTMLInputElement> & {
  /** Visible at first, for a generated password. */
  isVisible?: boolean;
}) {
  const [choice, setChoice] = useState<boolean | null>(null);
  const isShown = choice ?? isVisible;
  return (
    <span className="password-input">
      <TextInput
        {...rest}
        type={isShown ? 'text' : 'password'}
        dir="ltr"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={1024}
      />
      <IconButton
        label={isShown ? 'Hide the password' : 'Show the password'}
        aria-pressed={isShown}
        onClick={() => setChoice(!isShown)}
      >
        {isShown ? <EyeOffIcon /> : <EyeIcon />}
      </IconButton>
    </span>
  );
}
