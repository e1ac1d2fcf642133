import { useState } from 'react';
import { signOut } from '../../api/session';
import { Button } from '../../components/button';
import { DateTime, exactTime } from '../../components/date-time';
import { EditIcon, SignOutIcon } from '../../components/icons';
import { RenameDialog } from '../admins/rename-dialog';
import type { Account } from './queries';
import { Section } from './section';

/** Who is signed in. */
export function ProfileCard({ account }: { account: Account }) {
  const [isRenaming, setRenaming] = useState(false);
  return (
    <Section id="account-profile" title="Profile" description="Who you are in the audit trail and for other admins.">
      <div className="card card-body">
        <dl className="facts">
          <div>
            <dt>Name</dt>
            <dd dir="auto" className="account-start">
              {account.fullName}
            </dd>
          </div>
          <div>
            <dt>E-mail address</dt>
            <dd>
              <bdi>{account.email}</bdi>
            </dd>
          </div>
          <div>
            <dt>Signed in</dt>
            <dd>
              <DateTime value={account.lastSignInAt} />
            </dd>
          </div>
          <div>
            <dt>Admin since</dt>
            <dd title={exactTime(account.createdAt)}>
              <DateTime value={account.createdAt} />
            </dd>
          </div>
        </dl>
        <div className="row">
          <Button icon={<EditIcon size={15} />} onClick={() => setRenaming(true)}>
            Change the name
          </Button>
          <Button icon={<SignOutIcon size={15} />} onClick={() => void signOut()}>
            Sign out
          </Button>
        </div>
      </div>
      {isRenaming && <RenameDialog admin={account} onClose={() => setRenaming(false)} />}
    </Section>
  );
}
