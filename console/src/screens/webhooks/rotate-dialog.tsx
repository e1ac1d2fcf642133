import { useState } from 'react';
import { useAction } from '../../api/action';
import { call, rest, writeHeaders } from '../../api/rest';
import { Dialog, DialogButtons } from '../../components/dialog';
import { Field, Select } from '../../components/field';
import { FormFailure } from '../../components/form-failure';
import type { Endpoint } from './queries';
import { SecretDialog } from './secret-dialog';

const OVERLAPS = [
  { value: '86400', label: 'One day' },
  { value: '604800', label: 'One week' },
  { value: '3600', label: 'One hour' },
  { value: '0', label: 'Not at all: it leaked' },
];

/** Replaces the secret of an endpoint, and shows the new one. */
export function RotateDialog({ endpoint: { uuid }, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const [overlap, setOverlap] = useState(OVERLAPS[0]!.value);
  const rotate = useAction({
    run: (overlap_seconds: number, { key }) =>
      call(
        rest.POST('/api/webhook-endpoints/{uuid}/secret', {
          params: { path: { uuid } },
          body: { overlap_seconds },
          headers: writeHeaders(key),
        }),
      ),
    onFailure: () => true,
  });
  if (rotate.result) {
    return (
      <SecretDialog title="The new secret" secret={rotate.result.secret} onClose={onClose}>
        {overlap === '0'
          ? 'From now on, deliveries are signed with this secret only. The receiver refuses them until it has it.'
          : 'Until the old one ends, deliveries are signed with both secrets, so the receiver can change at any time until then.'}
      </SecretDialog>
    );
  }
  return (
    <Dialog
      open
      size="small"
      title="Make a new secret?"
      onClose={onClose}
      onSubmit={() => rotate.run(Number(overlap))}
      footer={
        <DialogButtons action="Make a new secret" onCancel={onClose} isPending={rotate.isPending} isPaused={rotate.isPaused} />
      }
    >
      <FormFailure failure={rotate.failure} shows={['overlap_seconds']} />
      <p className="prose">The new secret is shown once. Give it to the receiver before the old one ends.</p>
      <Field label="How long the old secret stays valid" error={rotate.failure?.field('overlap_seconds')}>
        <Select data-first choices={OVERLAPS} value={overlap} onChange={({ target }) => setOverlap(target.value)} />
      </Field>
    </Dialog>
  );
}
