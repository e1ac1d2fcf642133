import { useState } from 'react';
import { useAction } from '../../api/action';
import { call, rest, writeHeaders } from '../../api/rest';
import { Button } from '../../components/button';
import { confirm } from '../../components/confirm';
import { EditIcon, KeyIcon, MoreIcon, PowerIcon, RefreshIcon, SendIcon, TrashIcon } from '../../components/icons';
import { Menu } from '../../components/menu';
import { navigate } from '../../router';
import { useShortcut } from '../../shell/shortcuts';
import { EditEndpointDialog } from './edit-endpoint-dialog';
import type { Endpoint } from './queries';
import { RotateDialog } from './rotate-dialog';
import type { useTest } from './test-result';
import { useReplayAll } from './use-replay';

/** What can be done with an endpoint. */
export function EndpointActions({ endpoint, test }: { endpoint: Endpoint; test: ReturnType<typeof useTest> }) {
  const { uuid, enabled, version } = endpoint;
  const [dialog, setDialog] = useState<'edit' | 'rotate' | null>(null);
  const close = () => setDialog(null);
  const replay = useReplayAll(uuid);
  const toggle = useAction({
    run: (next: boolean, { key }) =>
      call(rest.PATCH('/api/webhook-endpoints/{uuid}', { params: { path: { uuid } }, body: { enabled: next }, headers: writeHeaders(key, version) })),
    success: (_, next) => (next ? 'The webhook is enabled' : 'The webhook is disabled'),
  });
  const remove = useAction({
    run: (seen: string, { key }) =>
      call(rest.DELETE('/api/webhook-endpoints/{uuid}', { params: { path: { uuid } }, headers: writeHeaders(key, seen) })),
    success: 'The webhook is deleted',
    onSuccess: () => void navigate('/webhooks'),
  });
  const askToDelete = async () => {
    const body = (
      <>
        <p>
          <code>{endpoint.url}</code> receives no more events.
        </p>
        <p>Its secret, its waiting deliveries and its delivery log are deleted as well. To stop it for a while, disable it instead.</p>
      </>
    );
    if (await confirm({ title: 'Delete the webhook?', body, action: 'Delete', danger: true })) remove.run(version);
  };
  useShortcut('e', 'Edit the webhook', () => setDialog('edit'));
  return (
    <>
      <Button icon={<SendIcon size={15} />} disabled={!enabled} isPending={test.isPending} onClick={test.run}>
        Send a test
      </Button>
      <Button icon={<EditIcon size={15} />} onClick={() => setDialog('edit')}>
        Edit
      </Button>
      <Menu
        label="More actions"
        trigger={(props) => (
          <Button {...props} aria-label="More actions" icon={<MoreIcon />} isPending={toggle.isPending || remove.isPending || replay.isPending} />
        )}
        items={[
          { label: 'Replay all failed', icon: <RefreshIcon />, onSelect: () => replay.run(null) },
          { label: 'Make a new secret…', icon: <KeyIcon />, onSelect: () => setDialog('rotate') },
          { label: enabled ? 'Disable' : 'Enable', icon: <PowerIcon />, onSelect: () => toggle.run(!enabled) },
          'separator',
          { label: 'Delete…', icon: <TrashIcon />, danger: true, onSelect: () => void askToDelete() },
        ]}
      />
      {dialog === 'edit' && <EditEndpointDialog endpoint={endpoint} onClose={close} />}
      {dialog === 'rotate' && <RotateDialog endpoint={endpoint} onClose={close} />}
    </>
  );
}
