import { useAction } from '../../api/action';
import { call, rest, writeHeaders } from '../../api/rest';
import { confirm } from '../../components/confirm';
import { type Definition, nameOf } from './queries';

/** Deletes a field after its key was typed, because the values of all customers are lost. */
export function useDelete() {
  const remove = useAction({
    run: ({ uuid, version }: Definition, { key }) =>
      call(rest.DELETE('/api/metafield-definitions/{uuid}', { params: { path: { uuid } }, headers: writeHeaders(key, version) })),
    success: (_, { name }) => `The field ${name} is deleted`,
  });
  return async (definition: Definition) => {
    const isConfirmed = await confirm({
      title: 'Delete the field?',
      body: (
        <>
          <p>
            The field <bdi className="typed">{definition.name}</bdi> and its values of all customers are deleted. They can’t be
            restored.
          </p>
          <p>Saved views and links that filter by it no longer do.</p>
        </>
      ),
      action: 'Delete the field',
      danger: true,
      typed: nameOf(definition),
    });
    if (isConfirmed) remove.run(definition);
  };
}
