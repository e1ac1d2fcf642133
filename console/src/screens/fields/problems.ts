import type { Failure } from '../../api/failure';

/** The properties of the request whose problems the form shows. */
export const SHOWN = ['name', 'namespace', 'fieldKey', 'description', 'validations', 'subFields'];

/** The messages by path: `fieldKey`, `validations[0]`, `subFields[1].key`. */
export type Problems = Record<string, string>;

export function problemsOf(failure: Failure | null): Problems {
  const problems: Problems = {};
  for (const { field, message } of failure?.details ?? []) problems[field] ??= `${message[0]?.toUpperCase()}${message.slice(1)}`;
  return problems;
}
