import { Button } from '../../components/button';
import { Dialog } from '../../components/dialog';
import { InfoIcon } from '../../components/icons';
import { OneTimeSecret } from '../../components/one-time-secret';

/** Shows a new secret. Neither Escape nor a stray click closes it, because it is shown only this time. */
export function SecretDialog({ title, secret, children, onClose }: { title: string; secret: string; children?: string; onClose: () => void }) {
  return (
    <Dialog
      open
      title={title}
      footer={
        <Button kind="primary" onClick={onClose}>
          I have stored it
        </Button>
      }
    >
      <p className="prose">
        The receiver needs this secret to check that a delivery is from patron. <strong>It is shown only now</strong>; if it is lost,
        make a new one.
      </p>
      <OneTimeSecret label="Secret" text={secret} />
      {children && (
        <div className="notice">
          <InfoIcon />
          <p className="notice-text">{children}</p>
        </div>
      )}
      <p className="field-hint">
        Deliveries are signed as Standard Webhooks specifies, with the headers <code>webhook-id</code>, <code>webhook-timestamp</code> and{' '}
        <code>webhook-signature</code>. Its libraries check them in one line.
      </p>
    </Dialog>
  );
}
