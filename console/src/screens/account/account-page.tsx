import { asFailure } from '../../api/failure';
import { useGraphql } from '../../api/graphql';
import { FailureView } from '../../components/failure-view';
import { SkeletonLines } from '../../components/skeleton';
import { Page } from '../../shell/page';
import './account.css';
import { FactorCard } from './factor-card';
import { PasswordCard } from './password-card';
import { ProfileCard } from './profile-card';
import { OwnAccount } from './queries';

/** The account of the signed-in admin: name, password, second factor. */
export default function AccountPage() {
  const { data, error, refetch } = useGraphql(OwnAccount, {});
  const account = data?.me;
  return (
    <Page title="Own account">
      <div className="account">
        {error && <FailureView failure={asFailure(error)} onRetry={() => void refetch()} />}
        {account ? (
          <>
            <ProfileCard account={account} />
            <FactorCard account={account} />
            <PasswordCard account={account} />
          </>
        ) : (
          !error && (
            <div className="account-section">
              <div />
              <div className="card card-body">
                <SkeletonLines lines={5} />
              </div>
            </div>
          )
        )}
      </div>
    </Page>
  );
}
