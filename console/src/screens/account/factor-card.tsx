import { useState } from 'react';
import { setupDone } from '../../api/session';
import { Badge } from '../../components/badge';
import { Button } from '../../components/button';
import { RefreshIcon, ShieldIcon } from '../../components/icons';
import { CodesDialog } from './codes-dialog';
import { EnrolDialog } from './enrol-dialog';
import type { Account } from './queries';
import { Section } from './section';
import { useFactorActions } from './use-factor';

/** From this number on, the codes are about to run out. */
const FEW = 3;

/** The second factor: setting it up, its recovery codes, removing it. */
export function FactorCard({ account }: { account: Account }) {
  const { secondFactor: isOn, secondFactorRequired: isRequired, recoveryCodesLeft: left } = account;
  const [isEnrolling, setEnrolling] = useState(false);
  const [codes, setCodes] = useState<string[] | null>(null);
  const { renew, askToRenew, askToRemove, isRemoving } = useFactorActions({ account, onCodes: setCodes });
  return (
    <Section
      id="account-factor"
      title="Second factor"
      badge={isOn ? <Badge tone="good">On</Badge> : <Badge tone="warn">Off</Badge>}
      description="A code of an app on your phone, after the password. The password alone is then not enough to sign in."
    >
      <div className="card card-body">
        {isOn ? (
          <>
            <p className="prose">
              patron asks for a code at the sign-in, and again before dangerous actions, at most every ten minutes.
            </p>
            <dl className="facts">
              <div>
                <dt>Recovery codes</dt>
                <dd className="row">
                  {left} of 10 left {left <= FEW && <Badge tone="warn">{left ? 'Almost used up' : 'Used up'}</Badge>}
                </dd>
              </div>
            </dl>
            <div className="row">
              <Button icon={<RefreshIcon size={15} />} isPending={renew.isPending} onClick={() => void askToRenew()}>
                New recovery codes
              </Button>
              <Button
                isPending={isRemoving}
                disabled={isRequired}
                aria-describedby={isRequired ? 'account-required' : undefined}
                onClick={() => void askToRemove()}
              >
                Turn it off
              </Button>
              {isRequired && (
                <span id="account-required" className="soft">
                  Every admin needs one, so it can’t be turned off.
                </span>
              )}
            </div>
          </>
        ) : (
          <>
            <p className="prose">
              {isRequired && <strong>Every admin needs one. </strong>}
              It takes a minute: scan a code with an authenticator app, type the digits that it shows, and keep ten recovery codes.
            </p>
            <div className="row">
              <Button kind="primary" icon={<ShieldIcon />} onClick={() => setEnrolling(true)}>
                Set it up
              </Button>
            </div>
          </>
        )}
      </div>
      {isEnrolling && (
        <EnrolDialog
          account={account}
          onClose={() => {
            setEnrolling(false);
            setupDone();
          }}
        />
      )}
      {codes && <CodesDialog codes={codes} email={account.email} onClose={() => setCodes(null)} />}
    </Section>
  );
}
