import { useEdit } from '../../api/edit';
import { query } from '../../api/graphql';
import { call, rest } from '../../api/rest';
import { EditDialog } from '../../components/edit-dialog';
import { Field, TextInput } from '../../components/field';
import { AdminByUuid } from './queries';

type Named = { fullName: string; version: string };
const formOf = ({ fullName, version }: Named) => ({ form: { full_name: fullName }, version });

/** Changes the name of an admin, of oneself as well. */
export function RenameDialog({ admin, onClose }: { admin: Named & { uuid: string }; onClose: () => void }) {
  const { uuid } = admin;
  const edit = useEdit({
    base: formOf(admin),
    read: async () => {
      const { admin: current } = await query(AdminByUuid, { uuid });
      return current ? formOf(current) : null;
    },
    write: (body, headers) => call(rest.PATCH('/api/users/{uuid}', { params: { path: { uuid } }, body, headers })),
    success: 'Name saved',
    onSuccess: onClose,
  });
  return (
    <EditDialog edit={edit} size="small" title="Rename the admin" labels={{ full_name: 'Name' }} shows={['full_name']} onClose={onClose}>
      <Field label="Name" error={edit.failure?.field('full_name')} hint="Other admins see it, also beside what was done.">
        <TextInput data-first maxLength={255} value={edit.form.full_name} onChange={({ target }) => edit.set({ full_name: target.value })} />
      </Field>
    </EditDialog>
  );
}
