import { useState } from 'react';
import { Button } from '../../components/button';
import { ChevronDown, DownloadIcon, KeyIcon, MailIcon, SignOutIcon, TrashIcon } from '../../components/icons';
import { Menu } from '../../components/popover';
import { useShortcut } from '../../shell/shortcuts';
import { PasswordDialog } from './password-dialog';
import type { Customer } from './queries';
import { useActions } from './use-actions';
import { useEditor } from './use-editor';

/** What can be done with the account besides editing. */
export function ActionsMenu({ customer }: { customer: Customer }) {
  const { state } = useEditor();
  const [isPasswordOpen, setPasswordOpen] = useState(false);
  const { mailReset, mailVerification, endSessions, exportData, erase, isBusy } = useActions(customer);
  const gone = state.isErased;
  useShortcut('a', 'Open the actions', () => document.querySelector<HTMLElement>('.customer-actions')?.click());
  return (
    <>
      <Menu
        label="Actions"
        trigger={(props) => (
          <Button {...props} className="icon-after customer-actions" disabled={gone} isPending={isBusy}>
            Actions
            <ChevronDown size={14} />
          </Button>
        )}
        items={[
          { label: 'Set a password…', icon: <KeyIcon />, onSelect: () => setPasswordOpen(true) },
          {
            label: 'Mail a link to set a password',
            icon: <MailIcon />,
            disabled: !customer.status,
            hint: !customer.status && 'disabled',
            onSelect: mailReset,
          },
          {
            label: 'Mail a link to verify the address',
            icon: <MailIcon />,
            disabled: !customer.status,
            hint: !customer.status && 'disabled',
            onSelect: mailVerification,
          },
          'separator',
          { label: 'End all sessions…', icon: <SignOutIcon />, disabled: !customer.sessions.length, onSelect: endSessions },
          { label: 'Download all data', icon: <DownloadIcon />, onSelect: exportData },
          'separator',
          { label: 'Erase the customer…', icon: <TrashIcon />, danger: true, onSelect: erase },
        ]}
      />
      {isPasswordOpen && <PasswordDialog customer={customer} onClose={() => setPasswordOpen(false)} />}
    </>
  );
}
