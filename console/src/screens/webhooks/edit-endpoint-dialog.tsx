import { useEdit, type Versioned } from '../../api/edit';
import { query } from '../../api/graphql';
import { call, rest } from '../../api/rest';
import { EditDialog } from '../../components/edit-dialog';
import { EndpointFields, type EndpointForm, LABELS, SHOWN } from './endpoint-form';
import { eventsText } from './events';
import { type Endpoint, WebhookEndpoints } from './queries';

const formOf = ({ url, description, events, enabled, version }: Endpoint): Versioned<EndpointForm> => ({
  form: { url, description, events, enabled },
  version,
});

/** Changes an endpoint. Its secret stays. */
export function EditEndpointDialog({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const { uuid } = endpoint;
  const edit = useEdit<EndpointForm>({
    base: formOf(endpoint),
    read: async () => {
      const current = (await query(WebhookEndpoints, {})).webhookEndpoints.find((each) => each.uuid === uuid);
      return current ? formOf(current) : null;
    },
    write: (body, headers) => call(rest.PATCH('/api/webhook-endpoints/{uuid}', { params: { path: { uuid } }, body, headers })),
    success: 'Webhook saved',
    onSuccess: onClose,
  });
  return (
    <EditDialog edit={edit} size="large" title="Edit the webhook" labels={LABELS} show={show} shows={SHOWN} onClose={onClose}>
      <EndpointFields form={edit.form} failure={edit.failure} withEnabled onChange={edit.set} />
    </EditDialog>
  );
}

const show = (value: unknown) =>
  Array.isArray(value) ? eventsText(value) : typeof value === 'boolean' ? (value ? 'Yes' : 'No') : String(value);
