import { type DragEvent, useRef, useState } from 'react';
import { IconButton } from '../../components/button';
import { EditDialog } from '../../components/edit-dialog';
import { ArrowDown, ArrowUp, GripIcon } from '../../components/icons';
import { type Definition, nameOf } from './queries';
import { useOrder } from './use-order';

/** Changes the order of the fields: by dragging, by the arrow buttons, or by Alt and an arrow key. */
export function OrderDialog({ definitions, onClose }: { definitions: Definition[]; onClose: () => void }) {
  const [known] = useState(() => new Map(definitions.map((definition) => [definition.uuid, definition])));
  const [dragged, setDragged] = useState<string | null>(null);
  const list = useRef<HTMLOListElement>(null);
  const { edit, progress } = useOrder(definitions, onClose);
  // A field that was added since then keeps its position.
  const order = edit.form.order.flatMap((uuid) => known.get(uuid) ?? []);
  const move = (from: number, to: number, focus?: string) => {
    if (to < 0 || to >= order.length || from === to) return;
    const next = order.filter((_, at) => at !== from);
    next.splice(to, 0, order[from]!);
    edit.set({ order: next.map(({ uuid }) => uuid) });
    // The button may be at the end of the list now; then the other one has the focus.
    if (focus) {
      requestAnimationFrame(() => {
        const buttons = list.current?.querySelectorAll('li')[to]?.querySelectorAll<HTMLButtonElement>('button');
        const button = [...(buttons ?? [])].find(({ dataset, disabled }) => dataset.step === focus && !disabled);
        (button ?? [...(buttons ?? [])].find(({ disabled }) => !disabled))?.focus();
      });
    }
  };
  const onDragOver = (event: DragEvent, at: number) => {
    event.preventDefault();
    if (dragged) move(order.findIndex(({ uuid }) => uuid === dragged), at);
  };
  return (
    <EditDialog
      edit={edit}
      title="Order of the fields"
      action="Save the order"
      note={
        edit.isPending && (
          <span className="dialog-note" role="status">
            {progress.done} of {progress.total} saved
          </span>
        )
      }
      labels={{ order: 'Order' }}
      show={(uuids) => (uuids as string[]).map((uuid, at) => `${at + 1}. ${known.get(uuid)?.name ?? 'a new field'}`).join('\n')}
      shows={[]}
      onClose={onClose}
    >
      <p className="prose">In this order, the fields are on the page of a customer. Drag them, or use the arrows.</p>
      <ol ref={list} className="fields-order">
        {order.map((definition, at) => (
          <li
            key={definition.uuid}
            draggable
            data-dragged={dragged === definition.uuid || undefined}
            onDragStart={(event) => {
              event.dataTransfer.effectAllowed = 'move';
              setDragged(definition.uuid);
            }}
            onDragOver={(event) => onDragOver(event, at)}
            onDragEnd={() => setDragged(null)}
            onDrop={(event) => event.preventDefault()}
            onKeyDown={(event) => {
              if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
              event.preventDefault();
              move(at, at + (event.key === 'ArrowUp' ? -1 : 1), event.key === 'ArrowUp' ? 'up' : 'down');
            }}
          >
            <GripIcon />
            <span className="fields-order-name">
              <bdi className="truncate">{definition.name}</bdi>
              <code className="truncate fields-key">{nameOf(definition)}</code>
            </span>
            <IconButton label={`Move ${definition.name} up`} data-step="up" disabled={at === 0} onClick={() => move(at, at - 1, 'up')}>
              <ArrowUp size={15} />
            </IconButton>
            <IconButton
              label={`Move ${definition.name} down`}
              data-step="down"
              disabled={at === order.length - 1}
              onClick={() => move(at, at + 1, 'down')}
            >
              <ArrowDown size={15} />
            </IconButton>
          </li>
        ))}
      </ol>
    </EditDialog>
  );
}
