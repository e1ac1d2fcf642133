import { useRef, useState } from 'react';
import { useEdit } from '../../api/edit';
import { Failure } from '../../api/failure';
import { query } from '../../api/graphql';
import { call, newKey, rest, writeHeaders } from '../../api/rest';
import { type Definition, FieldDefinitions } from './queries';

/** The UUIDs of the fields in their order. */
export type Order = { order: string[] };

const changedByOthers = () => new Failure({ status: 412, code: 'precondition_failed', message: 'Another admin has changed the order' });
const positionsOf = (definitions: Definition[]) => new Map(definitions.map(({ uuid, position }) => [uuid, position]));
const orderOf = (definitions: Definition[]) => ({
  form: { order: definitions.map(({ uuid }) => uuid) },
  version: definitions.map(({ version }) => version).join(),
});
const read = async () => (await query(FieldDefinitions, {})).metafieldDefinitions;

/**
 * Saves an order: the position of each field is its place in the list. Only fields at another position are changed. If
 * another admin moved one of them since the order was read, the order is not saved.
 */
export function useOrder(definitions: Definition[], onSuccess: () => void) {
  const [progress, setProgress] = useState({ done: 0, total: 0 });
  const seen = useRef(positionsOf(definitions));
  const edit = useEdit<Order>({
    base: orderOf(definitions),
    read: async () => {
      const current = await read();
      seen.current = positionsOf(current);
      return orderOf(current);
    },
    write: async ({ order = [] }) => {
      // After an interruption, the rest is done.
      const current = new Map((await read()).map((definition) => [definition.uuid, definition]));
      const known = order.flatMap((uuid) => current.get(uuid) ?? []);
      const wrong = known.flatMap((definition, at) => (definition.position === at ? [] : [{ definition, at }]));
      if (wrong.some(({ definition }) => definition.position !== seen.current.get(definition.uuid))) throw changedByOthers();
      setProgress({ done: 0, total: wrong.length });
      for (const [done, { definition, at }] of wrong.entries()) {
        await call(
          rest.PATCH('/api/metafield-definitions/{uuid}', {
            params: { path: { uuid: definition.uuid } },
            body: { position: at },
            headers: writeHeaders(newKey(), definition.version),
          }),
        );
        setProgress({ done: done + 1, total: wrong.length });
      }
    },
    success: 'The order is saved',
    onSuccess,
  });
  return { edit, progress };
}
