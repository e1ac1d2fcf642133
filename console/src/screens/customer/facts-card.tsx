import { CopyButton } from '../../components/copy-button';
import { DateTime } from '../../components/date-time';
import type { Customer } from './queries';

/** What is known about the account and can't be edited. */
export function FactsCard({ customer }: { customer: Customer }) {
  const { customerId, uuid, createdAt, updatedAt, lastSignInAt, emailVerifiedAt } = customer;
  return (
    <section className="card customer-facts" aria-labelledby="customer-account">
      <header className="card-header">
        <h2 id="customer-account">Account</h2>
      </header>
      <div className="card-body">
        <dl className="facts">
          <div>
            <dt>Registered</dt>
            <dd>
              <DateTime value={createdAt} />
            </dd>
          </div>
          <div>
            <dt>Verified</dt>
            <dd>
              <DateTime value={emailVerifiedAt} fallback="Not yet" />
            </dd>
          </div>
          <div>
            <dt>Last sign-in</dt>
            <dd>
              <DateTime value={lastSignInAt} fallback="Never" />
            </dd>
          </div>
          <div>
            <dt>Last change</dt>
            <dd>
              <DateTime value={updatedAt} />
            </dd>
          </div>
          <div>
            <dt>Number</dt>
            <dd>{customerId}</dd>
          </div>
          <div>
            <dt>UUID</dt>
            <dd className="customer-uuid">
              <code className="truncate" title={uuid}>
                {uuid}
              </code>
              <CopyButton text={uuid} label="Copy the UUID" />
            </dd>
          </div>
        </dl>
      </div>
    </section>
  );
}
