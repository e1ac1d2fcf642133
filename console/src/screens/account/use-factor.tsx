import { useAction } from '../../api/action';
import { call, rest, writeHeaders } from '../../api/rest';
import { confirm } from '../../components/confirm';
import type { Account } from './queries';

/** New recovery codes, and removing the second factor. The transport asks for a code first. */
export function useFactorActions({ account, onCodes }: { account: Account; onCodes: (codes: string[]) => void }) {
  const renew = useAction({
    run: (_: null, { key }) => call(rest.POST('/api/user/me/second-factor/recovery-codes', { headers: writeHeaders(key) })),
    onSuccess: ({ recovery_codes }) => onCodes(recovery_codes),
  });
  const remove = useAction({
    run: (_: null, { key }) => call(rest.DELETE('/api/user/me/second-factor', { headers: writeHeaders(key) })),
    success: 'The second factor is off',
  });
  const askToRenew = async () => {
    const left = account.recoveryCodesLeft;
    const isConfirmed = await confirm({
      title: 'Make new recovery codes?',
      body: left ? `The ${left === 1 ? 'code' : `${left} codes`} that you have left no longer work.` : 'You have none left.',
      action: 'Make new codes',
    });
    if (isConfirmed) renew.run(null);
  };
  const askToRemove = async () => {
    const isConfirmed = await confirm({
      title: 'Turn the second factor off?',
      body: 'From then on, your password alone is enough to sign in. Your recovery codes no longer work, and a mail tells you about it.',
      action: 'Turn it off',
      danger: true,
    });
    if (isConfirmed) remove.run(null);
  };
  return { renew, askToRenew, askToRemove, isRemoving: remove.isPending };
}
