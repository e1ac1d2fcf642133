import { useState } from 'react';
import { useAction } from '../../api/action';
import { call, rest, writeHeaders } from '../../api/rest';
import { confirm } from '../../components/confirm';
import { Dialog, DialogButtons } from '../../components/dialog';
import { FormFailure } from '../../components/form-failure';
import { navigate, useUnsavedGuard } from '../../router';
import { EMPTY, EndpointFields, type EndpointForm, SHOWN } from './endpoint-form';
import { SecretDialog } from './secret-dialog';

/** Adds an endpoint, then shows its secret, then its page. */
export function NewEndpointDialog({ onClose }: { onClose: () => void }) {
  const [form, setForm] = useState<EndpointForm>(EMPTY);
  const [created, setCreated] = useState<{ uuid: string; secret: string } | null>(null);
  const create = useAction({
    run: (body: EndpointForm, { key }) => call(rest.POST('/api/webhook-endpoints', { body, headers: writeHeaders(key) })),
    onSuccess: ({ uuid, secret }) => setCreated({ uuid, secret }),
    onFailure: () => true,
  });
  const isDirty = !created && JSON.stringify(form) !== JSON.stringify(EMPTY);
  useUnsavedGuard(isDirty);
  const close = async () => {
    const question = { title: 'Close without creating it?', action: 'Close', cancel: 'Back to the form', danger: true };
    if (!isDirty || (await confirm(question))) onClose();
  };
  if (created) {
    return (
      <SecretDialog title="The webhook is created" secret={created.secret} onClose={() => void navigate(`/webhooks/${created.uuid}`)}>
        On the next page you can send a test delivery.
      </SecretDialog>
    );
  }
  return (
    <Dialog
      open
      size="large"
      title="New webhook"
      onClose={() => void close()}
      onSubmit={() => create.run(form)}
      footer={
        <DialogButtons action="Create" onCancel={() => void close()} isPending={create.isPending} isPaused={create.isPaused} />
      }
    >
      <FormFailure failure={create.failure} shows={SHOWN} />
      <EndpointFields form={form} failure={create.failure} onChange={(values) => setForm({ ...form, ...values })} />
    </Dialog>
  );
}
