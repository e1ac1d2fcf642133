import type { ComponentType } from 'react';
import { EyeIcon } from '../../components/icons';
import type { Problems } from './field-check';
import type { FieldDraft } from './field-draft';
import type { FieldSpec } from './field-spec';

export type ControlProps<Draft extends FieldDraft = FieldDraft> = {
  spec: FieldSpec;
  /** The path of its problems. */
  path: string;
  draft: Draft;
  problems: Problems;
  onChange: (draft: FieldDraft) => void;
  hint?: string | null;
  /** Whether the customer sees the field. */
  isVisible?: boolean;
  /** The label is only for screen readers, because the list has one. */
  hideLabel?: boolean;
  label?: string;
};

/** The label of a field with what else is known about it. */
export const FieldLabel = ({ spec, label, isVisible }: Pick<ControlProps, 'spec' | 'label' | 'isVisible'>) => (
  <>
    <bdi>{label ?? spec.label}</bdi>
    {spec.required && <span className="field-optional"> (required)</span>}
    {isVisible && (
      <span className="customer-visible" title="The customer can see and change this field">
        <EyeIcon size={14} />
        <span className="unseen"> (visible to the customer)</span>
      </span>
    )}
  </>
);

/** The properties of controls that contain other ones. `Control` shows those, whatever their type is. */
export type NestedProps<Draft extends FieldDraft> = ControlProps<Draft> & { Control: ComponentType<ControlProps> };
