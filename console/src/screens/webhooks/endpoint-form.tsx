import type { Failure } from '../../api/failure';
import { Checkbox, Field, TextInput } from '../../components/field';
import { EventsField } from './events-field';

/** An endpoint as it is typed and sent. */
export type EndpointForm = { url: string; description: string; events: string[]; enabled: boolean };

export const EMPTY: EndpointForm = { url: '', description: '', events: ['*'], enabled: true };
export const LABELS: Record<keyof EndpointForm, string> = {
  url: 'URL',
  description: 'Description',
  events: 'Events',
  enabled: 'Enabled',
};
/** The fields of the request whose problems the form shows. */
export const SHOWN = Object.keys(LABELS);

/** The fields of an endpoint. */
export function EndpointFields({
  form,
  failure,
  withEnabled,
  onChange,
}: {
  form: EndpointForm;
  failure: Failure | null;
  withEnabled?: boolean;
  onChange: (values: Partial<EndpointForm>) => void;
}) {
  return (
    <>
      <Field
        label="URL"
        error={failure?.field('url')}
        hint="Begins with https:// and can be reached from the Internet. It receives each event as a POST."
      >
        <TextInput
          data-first
          type="url"
          inputMode="url"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          placeholder="https://erp.example.com/hooks/customers"
          maxLength={2048}
          value={form.url}
          onChange={({ target }) => onChange({ url: target.value })}
        />
      </Field>
      <Field label="Description" optional error={failure?.field('description')} hint="Which system it is, for other admins.">
        <TextInput maxLength={255} value={form.description} onChange={({ target }) => onChange({ description: target.value })} />
      </Field>
      <EventsField events={form.events} error={failure?.field('events')} onChange={(events) => onChange({ events })} />
      {withEnabled && (
        <Checkbox
          label="Enabled"
          hint="While it is disabled, no new events are delivered. Waiting deliveries continue when it is enabled again."
          checked={form.enabled}
          onChange={({ target }) => onChange({ enabled: target.checked })}
        />
      )}
    </>
  );
}
