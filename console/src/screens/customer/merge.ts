import type { Side } from '../../components/diff-view';
import { type FieldDraft, isSame } from './field-draft';
import {
  ADDRESS_PROPERTIES,
  type AddressForm,
  findAddress,
  type Form,
  isNew,
  isSameAddress,
  newAddress,
  PROFILE,
} from './form';

/** What one side, or both, changed. An address that a side deleted is null. */
export type Change = {
  path: string;
  kind: 'both' | 'theirs' | 'mine';
  before: FieldDraft | AddressForm | null;
  theirs: FieldDraft | AddressForm | null;
  mine: FieldDraft | AddressForm | null;
};
export type Choices = Record<string, Side | undefined>;

/**
 * Joins what both sides changed since `base`. What only one side changed is taken from it, unless `choices` names the
 * other side. Where both changed the same differently and there is no choice, it is `mine`.
 */
export function merge(base: Form, theirs: Form, mine: Form, choices: Choices = {}) {
  const changes: Change[] = [];
  const pick = <Value extends FieldDraft>(path: string, forms: [Value, Value, Value]): Value => {
    const [before, their, own] = forms;
    if (isSame(their, own)) return their;
    const kind = isSame(before, their) ? 'mine' : isSame(before, own) ? 'theirs' : 'both';
    changes.push({ path, kind, before, theirs: their, mine: own });
    return (choices[path] ?? (kind === 'theirs' ? 'theirs' : 'mine')) === 'mine' ? own : their;
  };
  const form = { ...mine };
  for (const key of PROFILE) form[key] = pick(key, [base[key], theirs[key], mine[key]]);
  // A custom field that was deleted is gone; the editor keeps what was typed there. A new one is empty for us.
  form.fields = Object.fromEntries(
    Object.entries(theirs.fields).map(([name, value]) => {
      const own = mine.fields[name] ?? base.fields[name] ?? value;
      return [name, pick(`fields.${name}`, [base.fields[name] ?? own, value, own])];
    }),
  );
  const renamed = new Map<string, string>();
  form.addresses = mergeAddresses(base, theirs, mine, { changes, choices, pick, renamed });
  form.defaultAddress = pick('defaultAddress', [base.defaultAddress, theirs.defaultAddress, mine.defaultAddress]);
  form.defaultAddress = renamed.get(form.defaultAddress) ?? form.defaultAddress;
  if (!findAddress(form, form.defaultAddress)) {
    form.defaultAddress = findAddress(form, theirs.defaultAddress) ? theirs.defaultAddress : '';
  }
  return { form, changes: changes.filter((change) => !isConsequence(change, theirs, mine)) };
}

type Pick = <Value extends FieldDraft>(path: string, forms: [Value, Value, Value]) => Value;

function mergeAddresses(
  base: Form,
  theirs: Form,
  mine: Form,
  tools: { changes: Change[]; choices: Choices; pick: Pick; renamed: Map<string, string> },
): AddressForm[] {
  const { changes, choices, pick, renamed } = tools;
  const merged: AddressForm[] = [];
  for (const their of theirs.addresses) {
    const before = findAddress(base, their.id);
    const own = findAddress(mine, their.id);
    if (before && !own) {
      // We deleted it. That is only a conflict if they changed it.
      const path = `addresses.${their.id}`;
      const isConflict = !isSameAddress(before, their);
      changes.push({ path, kind: isConflict ? 'both' : 'mine', before, theirs: their, mine: null });
      if (choices[path] === 'theirs') merged.push(their);
    } else if (before && own) {
      const entries = ADDRESS_PROPERTIES.map(({ key }) => {
        return [key, pick(`addresses.${their.id}.${key}`, [before[key], their[key], own[key]])];
      });
      merged.push({ ...their, ...Object.fromEntries(entries) });
    } else merged.push(their);
  }
  for (const own of mine.addresses) {
    if (findAddress(theirs, own.id)) continue;
    const before = findAddress(base, own.id);
    if (isNew(own)) merged.push(own);
    else if (before && !isSameAddress(before, own)) {
      // They deleted what we changed. If ours is chosen, it is added again.
      const path = `addresses.${own.id}`;
      changes.push({ path, kind: 'both', before, theirs: null, mine: own });
      if ((choices[path] ?? 'mine') === 'mine') {
        const again = newAddress(own);
        renamed.set(own.id, again.id);
        merged.push(again);
      }
    }
  }
  return merged;
}

/** Another default address that only follows from a deleted or added address is not a choice. */
const isConsequence = ({ path, kind }: Change, theirs: Form, mine: Form) =>
  path === 'defaultAddress' &&
  kind !== 'mine' &&
  (!findAddress(mine, theirs.defaultAddress) || !findAddress(theirs, mine.defaultAddress));
