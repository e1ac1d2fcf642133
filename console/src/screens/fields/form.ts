import { ruleBodies, type RuleDraft, ruleDrafts, subFieldBodies, type SubFieldDraft, subFieldDrafts } from './rules';
import type { Definition, FieldType } from './queries';

/** A field as it is typed. */
export type FieldForm = {
  name: string;
  namespace: string;
  key: string;
  isKeyTyped: boolean;
  type: FieldType;
  isList: boolean;
  description: string;
  required: boolean;
  visible: boolean;
  rules: RuleDraft[];
  subFields: SubFieldDraft[];
};

export const EMPTY: FieldForm = {
  name: '',
  namespace: 'custom',
  key: '',
  isKeyTyped: false,
  type: 'short_text',
  isList: false,
  description: '',
  required: false,
  // The default of the API is true. Here it is a choice, so that no data is shown by accident.
  visible: false,
  rules: [],
  subFields: [],
};

export const formOf = (definition: Definition): FieldForm => ({
  name: definition.name,
  namespace: definition.namespace,
  key: definition.key,
  isKeyTyped: true,
  type: definition.type,
  isList: definition.isList,
  description: definition.description ?? '',
  required: definition.required,
  visible: definition.visibleToCustomer,
  rules: ruleDrafts(definition.validations),
  subFields: subFieldDrafts(definition.subFields),
});

/** What can be changed of a field, as it is sent. useEdit compares it. */
export const bodyOf = (form: FieldForm) => ({
  name: form.name,
  description: form.description || null,
  required: form.required,
  visibleToCustomer: form.visible,
  validations: ruleBodies(form.rules, form.type),
  subFields: subFieldBodies(form.subFields, form.type),
});

/** The inverse of bodyOf. */
export const draftOf = (body: FieldBody): Partial<FieldForm> => ({
  name: body.name,
  description: body.description ?? '',
  required: body.required,
  visible: body.visibleToCustomer,
  rules: ruleDrafts(body.validations),
  subFields: subFieldDrafts(body.subFields),
});

export type FieldBody = ReturnType<typeof bodyOf>;
export const bodyOfDefinition = (definition: Definition) => ({ form: bodyOf(formOf(definition)), version: definition.version });

/** The names of the changeable properties, for people. */
export const LABELS: Record<keyof FieldBody, string> = {
  name: 'Name',
  description: 'Purpose',
  required: 'Required',
  visibleToCustomer: 'Visible to customers',
  validations: 'Rules',
  subFields: 'Fields of the group',
};
