import { useState } from 'react';
import { Dialog, DialogButtons } from '../../components/dialog';
import { Checkbox } from '../../components/field';
import { RecoveryCodes } from './recovery-codes';

/** New recovery codes. Neither Escape nor a stray click closes it, because they are shown only this time. */
export function CodesDialog({ codes, email, onClose }: { codes: string[]; email: string; onClose: () => void }) {
  const [isStored, setStored] = useState(false);
  return (
    <Dialog
      open
      title="Your new recovery codes"
      onSubmit={() => isStored && onClose()}
      footer={<DialogButtons action="Done" disabled={!isStored} />}
    >
      <RecoveryCodes codes={codes} email={email} />
      <Checkbox label="I have stored them in a safe place" checked={isStored} onChange={({ target }) => setStored(target.checked)} />
    </Dialog>
  );
}
