import type { Failure } from '../api/failure';
import { FailureView } from './failure-view';

/** A failure above a form, unless the form shows all of it at its fields. `shows` has the names of fields, or their beginnings. */
export function FormFailure({ failure, shows = [] }: { failure: Failure | null; shows?: string[] }) {
  if (!failure) return null;
  const isShown = (field: string) =>
    shows.some((name) => field === name || field.startsWith(`${name}[`) || field.startsWith(`${name}.`));
  if (failure.details.length && failure.details.every(({ field }) => isShown(field))) return null;
  return <FailureView failure={failure} />;
}
