import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef } from 'react';
import { useGraphql } from '../../api/graphql';
import { setupDone, signOut, useSession } from '../../api/session';
import { Button } from '../../components/button';
import { Brand } from '../../shell/brand';
import './account.css';
import { EnrolStep } from './enrol-steps';
import { OwnAccount } from './queries';
import { ACTIONS, TITLES, useEnrolment } from './use-enrolment';

/** Instead of all screens while the settings require a second factor and the admin has none. Afterwards the page that was asked for. */
export default function SetupPage() {
  const client = useQueryClient();
  const { account } = useSession();
  const heading = useRef<HTMLHeadingElement>(null);
  const leave = () => {
    // What was loaded without a second factor: nothing, or failures.
    client.clear();
    setupDone();
  };
  const enrolment = useEnrolment(leave);
  const { data } = useGraphql(OwnAccount, {}, { every: 30_000 });
  const { step } = enrolment;
  useEffect(() => {
    document.title = `${TITLES[step]} – patron`;
    if (step !== 'scan') heading.current?.focus();
  }, [step]);
  // Set up elsewhere in the meantime.
  const isOn = step !== 'codes' && !enrolment.isPending && data?.me?.secondFactor;
  useEffect(() => {
    if (isOn) leave();
  }, [isOn]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!enrolment.isPending) enrolment.submit();
  };
  return (
    <main className="sign-in">
      <div className="sign-in-card account-setup">
        <Brand />
        <h1 ref={heading} tabIndex={-1}>
          {TITLES[step]}
        </h1>
        <form className="stack" onSubmit={submit} noValidate>
          {step === 'password' && <p className="prose">This server requires a second factor of every admin. It takes a minute.</p>}
          <EnrolStep enrolment={enrolment} email={account?.email ?? ''} />
          <Button type="submit" kind="primary" className="block" disabled={!enrolment.canSubmit} isPending={enrolment.isPending}>
            {enrolment.isPaused ? 'Waiting for the network…' : step === 'codes' ? 'Go to the console' : ACTIONS[step]}
          </Button>
          {step === 'scan' && (
            <Button kind="plain" className="block" onClick={enrolment.restart}>
              Start again
            </Button>
          )}
        </form>
      </div>
      {step !== 'codes' && (
        <p className="sign-in-note">
          Signed in as <bdi>{account?.email}</bdi>.{' '}
          <button type="button" className="link" onClick={() => void signOut()}>
            Sign out
          </button>
        </p>
      )}
    </main>
  );
}
