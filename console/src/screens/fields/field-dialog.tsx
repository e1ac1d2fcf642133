import { Button } from '../../components/button';
import { Dialog } from '../../components/dialog';
import { EditFieldDialog } from './edit-field-dialog';
import { NewFieldDialog } from './new-field-dialog';
import type { Definition } from './queries';

/** The dialog of a field: of a new one, of one to edit, or (null) of one that is gone. */
export function FieldDialog({
  definitions,
  definition,
  onClose,
}: {
  definitions: Definition[];
  definition?: Definition | null;
  onClose: () => void;
}) {
  if (definition === undefined) return <NewFieldDialog position={nextPosition(definitions)} onClose={onClose} />;
  if (definition) return <EditFieldDialog definition={definition} onClose={onClose} />;
  return (
    <Dialog open size="small" title="There is no such field" onClose={onClose} footer={<Button onClick={onClose}>All fields</Button>}>
      <p className="prose">It may have been deleted in the meantime.</p>
    </Dialog>
  );
}

/** After all others. */
const nextPosition = (definitions: Definition[]) => Math.min(2 ** 31 - 1, Math.max(-1, ...definitions.map(({ position }) => position)) + 1);
