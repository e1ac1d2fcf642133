import { useAction } from '../../api/action';
import { call, rest, writeHeaders } from '../../api/rest';
import { confirm } from '../../components/confirm';
import type { Group } from './queries';

/** Deletes a group after a question that says what happens to its customers. */
export function useDelete() {
  const remove = useAction({
    run: ({ uuid, version }: Group, { key }) =>
      call(rest.DELETE('/api/customer-groups/{uuid}', { params: { path: { uuid } }, headers: writeHeaders(key, version) })),
    success: (_, { groupName }) => `The group ${groupName} is deleted`,
  });
  return async (group: Group, count: number | undefined) => {
    const isConfirmed = await confirm({
      title: 'Delete the group?',
      body: (
        <>
          <p>
            The group <bdi className="typed">{group.groupName}</bdi> can’t be restored.
          </p>
          <p>
            {count === 0
              ? 'It has no customers.'
              : `${count === undefined ? 'Its customers' : count === 1 ? 'Its customer' : `Its ${count.toLocaleString('en')} customers`} ${count === 1 ? 'moves' : 'move'} to the default group. No account is deleted.`}
          </p>
        </>
      ),
      action: 'Delete',
      danger: true,
    });
    if (isConfirmed) remove.run(group);
  };
}
