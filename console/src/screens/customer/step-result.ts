import type { Failure } from '../../api/failure';
import type { Problems } from './field-check';
import { ADDRESS_PROPERTIES, type Form, type Snapshot, successorOf } from './form';
import type { Step } from './step';

/** What the response says: the new version, and the uuid of a new address. */
export type StepResult = { version?: number; uuid?: string };

/** The base after a step has succeeded: what was sent is stored. The next read brings what the server made of it. */
export function applyStep(base: Snapshot, sent: Form, step: Step, { version, uuid }: StepResult): Snapshot {
  const form = { ...base.form };
  const next = { ...base, form, addressVersions: { ...base.addressVersions } };
  const { address } = step;
  if (!address) {
    next.version = version ?? base.version;
    const { fullName, email, status, groupId, fields } = sent;
    Object.assign(form, step.kind === 'profile' ? { fullName, email, status, groupId } : { fields });
    return next;
  }
  const id = uuid ?? address.id;
  const saved = { ...address, id };
  if (step.kind === 'delete-address') {
    form.addresses = form.addresses.filter((each) => each.id !== id);
    if (form.defaultAddress === id) form.defaultAddress = successorOf(base.customer, form.addresses);
    return next;
  }
  const isKnown = form.addresses.some((each) => each.id === id);
  form.addresses = isKnown ? form.addresses.map((each) => (each.id === id ? saved : each)) : [...form.addresses, saved];
  next.addressVersions[id] = version ?? 0;
  if (step.isDefault) form.defaultAddress = id;
  else if (step.body.is_default === false && form.defaultAddress === id) form.defaultAddress = '';
  return next;
}

/** The form in which an address has its ID of the server. */
export const renameAddress = (form: Form, from: string, to: string): Form => ({
  ...form,
  addresses: form.addresses.map((address) => (address.id === from ? { ...address, id: to } : address)),
  defaultAddress: form.defaultAddress === from ? to : form.defaultAddress,
});

const PROFILE_PATHS: Record<string, string> = { full_name: 'fullName', email: 'email', status: 'status', group_id: 'groupId' };

/** The problems that the server found, by path, and whether there are others, which belong to no control. */
export function problemsOf(base: Snapshot, step: Step, failure: Failure): { problems: Problems; others: boolean } {
  const problems: Problems = {};
  let others = false;
  for (const { field, message } of failure.details) {
    const path = pathOf(base, step, field);
    const label = step.kind === 'fields' ? base.specs.get(field)?.label : undefined;
    const text = label ? message.replace(`"${field}": `, `${label} `).replace(`"${field}" is`, `${label} is`) : message;
    if (path) problems[path] = problems[path] ? `${problems[path]}. ${text}` : text;
    else others = true;
  }
  if (failure.code === 'email_taken') problems.email = 'Another customer has this e-mail address';
  return { problems, others };
}

function pathOf(base: Snapshot, step: Step, field: string): string | undefined {
  if (step.kind === 'profile') return PROFILE_PATHS[field];
  if (step.kind === 'fields') return base.specs.has(field) ? `fields.${field}` : undefined;
  const property = ADDRESS_PROPERTIES.find(({ rest }) => rest === field);
  return property && `addresses.${step.address!.id}.${property.key}`;
}
