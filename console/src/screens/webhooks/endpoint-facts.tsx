import { Badge, Dot } from '../../components/badge';
import { CopyButton } from '../../components/copy-button';
import { DateTime, exactTime } from '../../components/date-time';
import { ALL } from './events';
import type { Endpoint } from './queries';

/** What an endpoint is. */
export function EndpointFacts({ endpoint }: { endpoint: Endpoint }) {
  const { url, events, enabled, previousSecretExpiresAt, createdAt, updatedAt } = endpoint;
  const isOverlap = previousSecretExpiresAt !== null && new Date(previousSecretExpiresAt).getTime() > Date.now();
  return (
    <section className="card card-body" aria-label="Webhook">
      {!enabled && (
        <p className="notice warn">
          It is disabled, so no new events are delivered. A receiver that responds with 410 (gone) is disabled by itself.
        </p>
      )}
      <dl className="facts">
        <div>
          <dt>URL</dt>
          <dd className="webhooks-copy">
            <code>{url}</code> <CopyButton text={url} label="Copy the URL" />
          </dd>
        </div>
        <div>
          <dt>Status</dt>
          <dd>{enabled ? <Dot tone="good">Enabled</Dot> : <Dot>Disabled</Dot>}</dd>
        </div>
        <div>
          <dt>Events</dt>
          <dd className="row">{events.includes(ALL) ? 'All events' : events.map((event) => <Badge key={event}>{event}</Badge>)}</dd>
        </div>
        {isOverlap && (
          <div>
            <dt>Secret</dt>
            <dd>The previous one is valid as well until {exactTime(previousSecretExpiresAt)}</dd>
          </div>
        )}
        <div>
          <dt>Created</dt>
          <dd>
            <DateTime value={createdAt} />
            <span className="soft">
              , changed <DateTime value={updatedAt} />
            </span>
          </dd>
        </div>
      </dl>
    </section>
  );
}
