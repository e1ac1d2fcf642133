import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useAction } from '../../api/action';
import { call, rest, writeHeaders } from '../../api/rest';
import { download } from '../../api/transport';
import { confirm } from '../../components/confirm';
import { navigate } from '../../router';
import { toast } from '../../shell/toasts';
import type { Customer } from './queries';
import { useLatestVersion } from './use-latest-version';

/** The actions on an account. Each starts at once, or after a question. */
export function useActions(customer: Customer) {
  const { uuid } = customer;
  const params = { path: { uuid } };
  const [isExporting, setExporting] = useState(false);
  const reset = useAction({
    run: (_: null, { key }) => call(rest.POST('/api/customers/{uuid}/reset-password', { params, headers: writeHeaders(key) })),
    success: 'A link to set a new password is being mailed',
  });
  const verification = useAction({
    run: (_: null, { key }) => call(rest.POST('/api/customers/{uuid}/verify-email', { params, headers: writeHeaders(key) })),
    success: 'A link to verify the e-mail address is being mailed',
  });
  const sessions = useAction({
    run: (_: null, { key }) => call(rest.DELETE('/api/customers/{uuid}/sessions', { params, headers: writeHeaders(key) })),
    success: 'All sessions have ended',
  });
  const erasure = useErasure(customer);

  const endSessions = async () => {
    const body = 'The customer is signed out on all devices at once. A pending change of the e-mail address is cancelled.';
    if (await confirm({ title: 'End all sessions?', body, action: 'End all sessions', danger: true })) sessions.run(null);
  };
  const exportData = async () => {
    if (isExporting) return;
    setExporting(true);
    try {
      await download(`/api/customers/${uuid}/export`, `customer-${uuid}.json`);
      toast.success('All data of the customer has been downloaded');
    } catch (error) {
      toast.failure(error, { label: 'Try again', run: () => void exportData() });
    } finally {
      setExporting(false);
    }
  };
  return {
    mailReset: () => reset.run(null),
    mailVerification: () => verification.run(null),
    endSessions: () => void endSessions(),
    exportData: () => void exportData(),
    erase: erasure.ask,
    isBusy: isExporting || [reset, verification, sessions, erasure].some(({ isPending }) => isPending),
  };
}

/** Asks for the e-mail address, erases the customer, and leaves the page. */
function useErasure({ uuid, email, version }: Customer) {
  const client = useQueryClient();
  const withLatestVersion = useLatestVersion();
  const action = useAction({
    run: (_: null, { key }) =>
      withLatestVersion({ uuid, version, key, unless: (latest) => latest.email !== email }, (headers) =>
        call(rest.DELETE('/api/customers/{uuid}', { params: { path: { uuid } }, headers })),
      ),
    success: 'The customer has been erased',
    refreshes: [],
    onSuccess: () => {
      void navigate('/customers', { force: true });
      client.removeQueries({ queryKey: ['CustomerPage'] });
      void client.invalidateQueries();
    },
  });
  const ask = async () => {
    const confirmed = await confirm({
      title: 'Erase this customer?',
      body: (
        <>
          <p>
            The account is deleted with its addresses, custom fields, sessions and mails, and personal data is removed from
            the journal. <strong>This can’t be undone.</strong>
          </p>
        </>
      ),
      typed: email,
      action: 'Erase',
      danger: true,
    });
    if (confirmed) action.run(null);
  };
  return { ask: () => void ask(), isPending: action.isPending };
}
