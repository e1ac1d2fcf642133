import { useEffect } from 'react';
import { signOut, useSession } from '../api/session';
import { Dialog } from '../components/dialog';
import { Brand } from './brand';
import { SignInForm } from './sign-in-form';

/** The page of a visitor. The address stays, so after the sign-in the page that the link named opens. */
export function SignInPage() {
  useEffect(() => {
    document.title = 'Sign in – patron';
  }, []);
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <Brand />
        <h1>Sign in to the console</h1>
        <SignInForm />
      </div>
      <p className="sign-in-note">
        For admins. The first start of patron prints the password of the first admin; on the server,{' '}
        <code>patron admin password</code> sets a new one.
      </p>
    </main>
  );
}

/** Opens over the current page when the session has ended. Requests wait for it, and continue afterwards. */
export function ExpiredDialog() {
  const { status, account } = useSession();
  return (
    <Dialog open={status === 'expired'} opaque size="small" title="Sign in again">
      <p className="prose">
        Your session has ended. Everything you typed is still there: sign in, and the page continues where you left it.
      </p>
      <SignInForm email={account?.email} />
      <p className="sign-in-other">
        <button type="button" className="link" onClick={() => void signOut()}>
          Sign in with another account
        </button>{' '}
        and discard what is not saved
      </p>
    </Dialog>
  );
}
