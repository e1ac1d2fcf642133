import { useState } from 'react';
import { useAction } from '../../api/action';
import { call, rest, writeHeaders } from '../../api/rest';
import { Button } from '../../components/button';
import { DateTime } from '../../components/date-time';
import { clientName } from './client-name';
import type { Customer, Session } from './queries';
import { useEditor } from './use-editor';

/** Up to this many sessions are shown at once; one can have a hundred. */
const SHOWN = 4;

/** Where the customer is signed in. */
export function SessionsCard({ customer }: { customer: Customer }) {
  const { sessions, uuid } = customer;
  const { isErased } = useEditor().state;
  const [isAll, setAll] = useState(false);
  const shown = isAll ? sessions : sessions.slice(0, SHOWN);
  return (
    <section className="card" aria-labelledby="customer-sessions">
      <header className="card-header">
        <h2 id="customer-sessions">
          Sessions {sessions.length > 0 && <span className="customer-count">{sessions.length}</span>}
        </h2>
      </header>
      {sessions.length === 0 ? (
        <p className="card-body soft">Not signed in anywhere.</p>
      ) : (
        <ul className="customer-sessions">
          {shown.map((session) => (
            <SessionItem key={session.id} session={session} uuid={uuid} isOver={isErased} />
          ))}
        </ul>
      )}
      {shown.length < sessions.length && (
        <div className="customer-sessions-more">
          <Button kind="plain" small onClick={() => setAll(true)}>
            Show all {sessions.length}
          </Button>
        </div>
      )}
    </section>
  );
}

function SessionItem({ session, uuid, isOver }: { session: Session; uuid: string; isOver: boolean }) {
  const { id, userAgent, address, createdAt, lastUsedAt } = session;
  const end = useAction({
    run: (_: null, { key }) =>
      call(
        rest.DELETE('/api/customers/{uuid}/sessions/{id}', { params: { path: { uuid, id } }, headers: writeHeaders(key) }),
      ),
    success: 'The session has ended',
  });
  const name = clientName(userAgent);
  return (
    <li>
      <div>
        <p title={userAgent ?? undefined}>{name}</p>
        <p className="soft customer-small">
          Last used <DateTime value={lastUsedAt} />, signed in <DateTime value={createdAt} />
          {address && (
            <>
              {' '}
              from <span className="customer-break">{address}</span>
            </>
          )}
        </p>
      </div>
      <Button small disabled={isOver} isPending={end.isPending} onClick={() => end.run(null)}>
        End<span className="unseen"> the session of {name}</span>
      </Button>
    </li>
  );
}
