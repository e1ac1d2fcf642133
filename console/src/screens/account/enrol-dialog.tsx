import { Button } from '../../components/button';
import { Dialog, DialogButtons } from '../../components/dialog';
import { EnrolStep } from './enrol-steps';
import { AlreadyOn } from './already-on';
import type { Account } from './queries';
import { ACTIONS, TITLES, useEnrolment } from './use-enrolment';

/** Sets up a second factor. After it is on, only "Done" closes the dialog, because the codes are shown only this time. */
export function EnrolDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const enrolment = useEnrolment(onClose);
  const { step } = enrolment;
  const isOnAlready = step !== 'codes' && enrolment.failure?.code === 'conflict' && account.secondFactor;
  const cancel = step === 'codes' ? undefined : onClose;
  return (
    <Dialog
      open
      title={TITLES[step]}
      onClose={cancel}
      onSubmit={enrolment.submit}
      footer={
        <>
          {step === 'scan' && (
            <Button kind="plain" onClick={enrolment.restart}>
              Start again
            </Button>
          )}
          <DialogButtons
            action={ACTIONS[step]}
            onCancel={step === 'scan' ? undefined : cancel}
            disabled={!enrolment.canSubmit}
            isPending={enrolment.isPending}
            isPaused={enrolment.isPaused}
          />
        </>
      }
    >
      {isOnAlready ? <AlreadyOn /> : <EnrolStep enrolment={enrolment} email={account.email} />}
    </Dialog>
  );
}
