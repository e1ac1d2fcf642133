import type { ReactNode } from 'react';
import type { Edit, Values } from '../api/edit';
import { useUnsavedGuard } from '../router';
import { Button } from './button';
import { confirm } from './confirm';
import { Dialog, DialogButtons } from './dialog';
import { DiffView } from './diff-view';
import { FormFailure } from './form-failure';

/**
 * The dialog of a form by useEdit. If another admin changed the record while the form was open, it shows the values of both
 * instead of the form, and saves the user's choice.
 */
export function EditDialog<Form extends Values>({
  edit,
  title,
  action = 'Save',
  size = 'medium',
  note,
  labels,
  show = String,
  shows,
  onClose,
  children,
}: {
  edit: Edit<Form>;
  title: ReactNode;
  action?: string;
  size?: 'small' | 'medium' | 'large';
  /** Stands beside the buttons of the form. */
  note?: ReactNode;
  labels: Record<keyof Form & string, string>;
  /** A value as text. */
  show?: (value: unknown, name: keyof Form & string) => ReactNode;
  /** The fields of the request whose problems the form shows. */
  shows: string[];
  onClose: () => void;
  children: ReactNode;
}) {
  useUnsavedGuard(edit.isDirty);
  const { isConflict, differences, choices } = edit;
  const open = differences.filter(({ name }) => !choices[name]).length;
  const isBoth = differences.some(({ kind }) => kind === 'both');
  const close = async () => {
    const question = { title: 'Close without saving?', body: 'What you changed in this form is not saved.', action: 'Close', cancel: 'Back to the form', danger: true };
    if (!edit.isDirty || (await confirm(question))) onClose();
  };
  return (
    <Dialog
      open
      size={isConflict ? 'large' : size}
      title={isConflict ? 'Another admin changed it as well' : title}
      onClose={() => void close()}
      onSubmit={edit.submit}
      footer={
        isConflict ? (
          <>
            <span className="dialog-note" role="status">
              {open > 0 && `${open === 1 ? 'One choice is' : `${open} choices are`} left`}
            </span>
            <Button onClick={onClose}>Discard mine</Button>
            <Button type="submit" kind="primary" disabled={open > 0} isPending={edit.isPending}>
              Save these values
            </Button>
          </>
        ) : (
          <>
            {note}
            <DialogButtons action={action} onCancel={() => void close()} isPending={edit.isPending} isPaused={edit.isPaused} />
          </>
        )
      }
    >
      {isConflict ? (
        <>
          <p className="prose">
            Nothing of yours is saved yet, and nothing is lost.{' '}
            {isBoth ? 'Choose the value to keep where both of you changed it.' : 'You changed different values, so both can be kept.'}
          </p>
          <DiffView
            fields={differences.map(({ name, kind, before, theirs, mine }) => ({
              name,
              label: labels[name],
              before: show(before, name),
              theirs: show(theirs, name),
              mine: show(mine, name),
              isConflict: kind === 'both',
            }))}
            choices={choices}
            onChoose={edit.choose}
          />
        </>
      ) : (
        <>
          <FormFailure failure={edit.failure} shows={shows} />
          {children}
        </>
      )}
    </Dialog>
  );
}
