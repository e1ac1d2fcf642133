import { useMemo, useState } from 'react';
import { CopyButton } from '../../components/copy-button';
import { exactTime } from '../../components/date-time';
import { Popover } from '../../components/popover';
import type { ChangedProperty } from './audit-changes';
import { clientName } from './client-name';
import type { AuditEntry } from './timeline-queries';

/** Up to this many properties are shown at once. */
const SHOWN = 3;

/** When exactly, from where and by which request an entry was made. */
export function AuditOrigin({ entry, title }: { entry: AuditEntry; title: string }) {
  const facts = [
    ['Time', exactTime(entry.createdAt)],
    ['Address', entry.address],
    ['Client', entry.userAgent && clientName(entry.userAgent)],
    ['User agent', entry.userAgent],
    ['Action', entry.action],
  ];
  return (
    <Popover
      label="Details of the entry"
      className="customer-origin"
      trigger={(props) => (
        <button type="button" className="link customer-more" {...props}>
          Details<span className="unseen"> of “{title}”</span>
        </button>
      )}
    >
      {() => (
        <dl className="facts">
          {facts.map(
            ([label, text]) =>
              text && (
                <div key={label}>
                  <dt>{label}</dt>
                  <dd>{text}</dd>
                </div>
              ),
          )}
          <div>
            <dt>Request</dt>
            <dd className="customer-uuid">
              <code>{entry.requestId}</code>
              <CopyButton text={entry.requestId} label="Copy the request ID" />
            </dd>
          </div>
        </dl>
      )}
    </Popover>
  );
}

/** The changed properties of an entry. */
export function AuditChanges({ changes }: { changes: ChangedProperty[] }) {
  if (!changes.length) return null;
  const more = changes.length - SHOWN;
  // A single further line is shown as well.
  const isShort = more <= 1;
  return (
    <>
      <Properties changes={isShort ? changes : changes.slice(0, SHOWN)} />
      {!isShort && (
        <details className="customer-details">
          <summary>{more} more</summary>
          <Properties changes={changes.slice(SHOWN)} />
        </details>
      )}
    </>
  );
}

const Properties = ({ changes }: { changes: ChangedProperty[] }) => (
  <dl className="customer-changes">
    {changes.map((change) => (
      <div key={change.name}>
        <dt>
          <bdi>{change.label}</bdi>
        </dt>
        <dd>{change.secret ? <span className="soft">changed</span> : <Values old={change.old} next={change.new} />}</dd>
      </div>
    ))}
  </dl>
);

const Values = ({ old, next }: { old: string; next: string }) => (
  <>
    {old && (
      <>
        <del>
          <LongText text={old} />
        </del>
        <span aria-hidden="true"> → </span>
      </>
    )}
    {next ? (
      <ins>
        <LongText text={next} />
      </ins>
    ) : (
      <span className="soft">removed</span>
    )}
  </>
);

/** Longer texts are cut off, and shown completely on request. In characters. */
const LONG = 160;

function LongText({ text }: { text: string }) {
  const [isOpen, setOpen] = useState(false);
  const letters = useMemo(() => [...text], [text]);
  if (letters.length <= LONG) return <bdi>{text}</bdi>;
  return (
    <>
      <bdi>{isOpen ? text : `${letters.slice(0, LONG).join('')}…`}</bdi>{' '}
      <button type="button" className="link" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? 'less' : 'more'}
      </button>
    </>
  );
}
