import { Badge } from '../../components/badge';
import type { Column } from '../../components/column';
import { DateTime } from '../../components/date-time';
import { Link } from '../../router';
import type { Mail } from './queries';
import { RetryButton } from './retry';
import { kindLabel, STATUSES } from './status';

/** The mail and, if it could not be sent, why. */
const mail: Column<Mail> = {
  id: 'mail',
  label: 'Mail',
  width: 60,
  cell: ({ subject, kind, recipient, lastError, status }) => (
    <div className="mails-mail">
      <p className="truncate mails-subject" dir="auto">
        {subject || kindLabel(kind)}
      </p>
      <p className="mails-to">
        to <bdi>{recipient}</bdi>
      </p>
      {lastError && status !== 'SENT' && <p className={status === 'FAILED' ? 'mails-error' : 'mails-error soft'}>{lastError}</p>}
    </div>
  ),
};

const customer: Column<Mail> = {
  id: 'customer',
  label: 'Customer',
  width: 24,
  cell: ({ customer: owner }) =>
    owner ? (
      <Link to={`/customers/edit/${owner.uuid}`} className="truncate" dir="auto">
        {owner.fullName}
      </Link>
    ) : null,
};

const status: Column<Mail> = {
  id: 'status',
  label: 'Status',
  width: 14,
  phone: 'plain',
  cell: ({ status: value }) => <Badge tone={STATUSES[value].tone}>{STATUSES[value].label}</Badge>,
};

const attempts: Column<Mail> = { id: 'attempts', label: 'Attempts', width: 10, align: 'end', cell: (row) => row.attempts };

const times: Column<Mail> = {
  id: 'time',
  label: 'Queued',
  width: 24,
  phone: 'plain',
  cell: ({ createdAt, nextAttemptAt, sentAt, status: value }) => (
    <>
      <p>
        <DateTime value={createdAt} />
      </p>
      {value === 'SENT' && sentAt && (
        <p className="soft mails-small">
          sent <DateTime value={sentAt} />
        </p>
      )}
      {value === 'PENDING' && nextAttemptAt && (
        <p className="soft mails-small">
          next try <DateTime value={nextAttemptAt} />
        </p>
      )}
    </>
  ),
};

const action: Column<Mail> = {
  id: 'action',
  label: 'Action',
  isLabelHidden: true,
  width: 12,
  align: 'end',
  phone: 'end',
  cell: (row) => (row.status === 'FAILED' ? <RetryButton mail={row} /> : null),
};

export const COLUMNS = [mail, customer, status, attempts, times, action];
