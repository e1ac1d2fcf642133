import { useEffect, useRef } from 'react';
import { Button } from '../../components/button';
import { DownloadIcon, PrintIcon } from '../../components/icons';
import { CopyTextButton } from '../../components/one-time-secret';

/** Recovery codes, which are shown only this time: to copy, download or print. */
export function RecoveryCodes({ codes, email }: { codes: string[]; email: string }) {
  const list = useRef<HTMLOListElement>(null);
  const text = `Recovery codes of ${email} for patron at ${location.host}\nEach works once instead of a code of the authenticator app.\n\n${codes.join('\n')}\n`;
  useEffect(() => list.current?.focus(), []);
  const download = () => {
    const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = 'patron-recovery-codes.txt';
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  };
  return (
    <div className="account-codes">
      <p className="prose">
        If your phone is lost, each of these codes signs you in once. <strong>They are shown only now.</strong> Keep them where you don’t keep
        your password.
      </p>
      <p className="account-print">
        Recovery codes of {email} for patron at {location.host}
      </p>
      <ol ref={list} tabIndex={-1} aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ol>
      <div className="row">
        <CopyTextButton text={text} label="Copy the codes" />
        <Button icon={<DownloadIcon size={15} />} onClick={download}>
          Download
        </Button>
        <Button icon={<PrintIcon size={15} />} onClick={() => window.print()}>
          Print
        </Button>
      </div>
    </div>
  );
}
