import { useState } from 'react';
import { toast } from '../shell/toasts';
import { Button } from './button';
import { CheckIcon, CopyIcon } from './icons';

/** A secret that is shown only this time, with a button to copy it. */
export function OneTimeSecret({ label, text }: { label: string; text: string }) {
  return (
    <div className="secret">
      <code className="secret-text" aria-label={label} role="textbox" aria-readonly="true" tabIndex={0}>
        {text}
      </code>
      <CopyTextButton text={text} label={`Copy the ${label.toLowerCase()}`} />
    </div>
  );
}

/** Copies a text. Unlike CopyButton it has a label, for the main action of a dialog. */
export function CopyTextButton({ text, label, kind }: { text: string; label: string; kind?: 'primary' | 'secondary' }) {
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
    <Button
      kind={kind}
      data-first
      icon={isCopied ? <CheckIcon size={15} /> : <CopyIcon size={15} />}
      aria-label={isCopied ? 'Copied' : label}
      onClick={copy}
    >
      {isCopied ? 'Copied' : 'Copy'}
    </Button>
  );
}
