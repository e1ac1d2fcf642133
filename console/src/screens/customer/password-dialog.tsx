import { useState } from 'react';
import { useAction } from '../../api/action';
import { call, rest } from '../../api/rest';
import { Dialog, DialogButtons } from '../../components/dialog';
import { FailureView } from '../../components/failure-view';
import { PasswordInput } from './password-input';
import type { Customer } from './queries';
import { useLatestVersion } from './use-latest-version';

/** Sets a new password. An admin with a second factor is asked for a code by the transport. */
export function PasswordDialog({ customer, onClose }: { customer: Customer; onClose: () => void }) {
  const { uuid, version } = customer;
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<string>();
  const withLatestVersion = useLatestVersion();
  const action = useAction({
    run: (next: string, { key }) =>
      withLatestVersion({ uuid, version, key }, (headers) =>
        call(rest.PATCH('/api/customers/{uuid}', { params: { path: { uuid } }, body: { password: next }, headers })),
      ),
    success: 'The password is set, and all sessions have ended',
    onSuccess: onClose,
    onFailure: () => true,
  });
  const submit = () => {
    const isShort = [...password].length < 8;
    setProblem(isShort ? 'The password must have at least 8 characters' : undefined);
    if (!isShort) action.run(password);
  };
  const error = problem ?? action.failure?.field('password');
  return (
    <Dialog
      open
      size="small"
      title="Set a password"
      onClose={onClose}
      onSubmit={submit}
      footer={
        <DialogButtons action="Set the password" onCancel={onClose} isPending={action.isPending} isPaused={action.isPaused} />
      }
    >
      <p className="prose">
        All sessions of the customer end, and a mail tells <bdi className="customer-break">{customer.email}</bdi> that the password
        was changed.
      </p>
      {action.failure && !action.failure.field('password') && <FailureView failure={action.failure} />}
      <PasswordInput
        username={customer.email}
        value={password}
        error={error}
        onChange={(value) => {
          setPassword(value);
          setProblem(undefined);
          if (action.failure) action.reset();
        }}
      />
    </Dialog>
  );
}
