import { isSame } from './field-draft';
import { differences, findAddress, type Form, type Snapshot } from './form';
import { labelOfPath, textOfPath } from './labels';

/** What differs from the stored state, as text to copy. */
export function typedText(base: Snapshot, form: Form): string {
  const names = { states: { base, forms: [form, base.form] } };
  const lines = differences(base.form, form).map((path) => {
    const [, id = '', property] = /^addresses\.([^.]+)(?:\.(\w+))?$/.exec(path) ?? [];
    const address = findAddress(form, id);
    const value = path.startsWith('fields.')
      ? (form.fields[path.slice('fields.'.length)] ?? '')
      : id
        ? property && address
          ? address[property as keyof typeof address]
          : (address ?? null)
        : form[path as 'fullName'];
    const text = textOfPath(names, path, value);
    return isSame(text, '') ? `${labelOfPath(names, path)}: –` : `${labelOfPath(names, path)}: ${text}`;
  });
  return lines.join('\n');
}
