import { useState } from 'react';
import { toast } from '../shell/toasts';
import { IconButton } from './button';
import { CheckIcon, CopyIcon } from './icons';

/** Copies a text. `label` says what: "Copy the ID". */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [isCopied, setCopied] = useState(false);
  // Browsers have no clipboard on plain HTTP; the text can be selected.
  if (!navigator.clipboard) return null;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      toast.info('The browser does not allow copying. Select the text instead');
    }
  };
  return (
    <IconButton label={isCopied ? 'Copied' : label} className="copy" onClick={copy}>
      {isCopied ? <CheckIcon size={14} /> : <CopyIcon size={14} />}
    </IconButton>
  );
}
