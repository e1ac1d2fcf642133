import { isSame } from './field-draft';
import { valueOf } from './field-check';
import { addressSteps } from './address-plan';
import { type Form, PROFILE, type Snapshot } from './form';
import type { Step } from './step';

const PROFILE_REST = { fullName: 'full_name', email: 'email', status: 'status', groupId: 'group_id' } as const;
const PROFILE_NAMES = { fullName: 'name', email: 'e-mail address', status: 'status', groupId: 'group' } as const;

const sentence = (words: string[]) => {
  const text = words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${words.at(-1)}` : (words[0] ?? '');
  return text.charAt(0).toUpperCase() + text.slice(1);
};

function profileStep(base: Snapshot, form: Form): Step[] {
  const changed = PROFILE.filter((key) => base.form[key] !== form[key]);
  if (!changed.length) return [];
  const value = (key: (typeof PROFILE)[number]) =>
    key === 'status' ? Number(form.status) : key === 'groupId' ? Number(form.groupId) || null : form[key].trim();
  return [
    {
      id: 'profile',
      kind: 'profile',
      label: sentence(changed.map((key) => PROFILE_NAMES[key])),
      body: Object.fromEntries(changed.map((key) => [PROFILE_REST[key], value(key)])),
      version: base.version,
    },
  ];
}

function fieldsStep(base: Snapshot, form: Form): Step[] {
  const changed = [...base.specs].filter(([name]) => !isSame(base.form.fields[name], form.fields[name]));
  if (!changed.length) return [];
  const metafields: Record<string, Record<string, unknown>> = {};
  for (const [name, spec] of changed) {
    const namespace = name.slice(0, name.length - spec.key.length - 1);
    (metafields[namespace] ??= {})[spec.key] = valueOf(spec, form.fields[name] ?? '', `fields.${name}`, {});
  }
  const labels = changed.map(([, spec]) => spec.label);
  const label = labels.length > 3 ? `${labels.length} custom fields` : `Custom fields: ${labels.join(', ')}`;
  return [{ id: 'fields', kind: 'fields', label, body: { metafields }, version: base.version }];
}

/**
 * The requests that change what is stored (`base`) to what was typed (`form`), in an order in which none of them changes
 * the version that a later one names.
 */
export const plan = (base: Snapshot, form: Form): Step[] => [
  ...profileStep(base, form),
  ...fieldsStep(base, form),
  ...addressSteps(base, form),
];
