import { useAction } from '../../api/action';
import { call, rest, writeHeaders } from '../../api/rest';
import { confirm } from '../../components/confirm';
import type { Admin } from './queries';

/** Disabling, enabling, and the second factor of another admin. The transport asks for a code of one's own second factor. */
export function useAdminActions() {
  const setStatus = useAction({
    run: ({ admin: { uuid, version }, status }: { admin: Admin; status: 0 | 1 }, { key }) =>
      call(rest.PATCH('/api/users/{uuid}', { params: { path: { uuid } }, body: { status }, headers: writeHeaders(key, version) })),
    success: (_, { admin, status }) => `${admin.fullName} is ${status ? 'enabled' : 'disabled'}`,
  });
  const resetFactor = useAction({
    run: ({ uuid }: { uuid: string; name: string }, { key }) =>
      call(rest.DELETE('/api/users/{uuid}/second-factor', { params: { path: { uuid } }, headers: writeHeaders(key) })),
    success: (_, { name }) => `The second factor of ${name} is removed`,
  });
  const named = (admin: Admin) => (
    <>
      <bdi className="typed">{admin.fullName}</bdi> (<bdi>{admin.email}</bdi>)
    </>
  );

  const disable = async (admin: Admin) => {
    const body = (
      <>
        <p>{named(admin)} is signed out at once and can’t sign in any more.</p>
        <p>The entries of the audit trail stay. You can enable the account again at any time.</p>
      </>
    );
    if (await confirm({ title: 'Disable the admin?', body, action: 'Disable', danger: true })) {
      setStatus.run({ admin, status: 0 });
    }
  };
  const enable = (admin: Admin) => setStatus.run({ admin, status: 1 });
  const reset = async (admin: Admin) => {
    const body = (
      <>
        <p>
          {named(admin)} signs in with the password only{admin.secondFactorRequired && ', and then has to set up a new second factor'}. A
          mail tells them about it.
        </p>
        <p>Make sure that it is really them who asked you, for example by a call.</p>
      </>
    );
    if (await confirm({ title: 'Reset the second factor?', body, action: 'Reset', danger: true })) {
      resetFactor.run({ uuid: admin.uuid, name: admin.fullName });
    }
  };
  return { disable, enable, reset };
}
