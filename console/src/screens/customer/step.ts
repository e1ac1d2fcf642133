import type { AddressForm } from './form';

/** One request of a save. */
export type Step = {
  /** Identifies it among the steps of a save. */
  id: string;
  kind: 'profile' | 'fields' | 'address' | 'new-address' | 'delete-address';
  /** What it saves, for people: "Name and group". */
  label: string;
  body: Record<string, unknown>;
  /** The version that `If-Match` names. */
  version?: number;
  /** The address. */
  address?: AddressForm;
  /** Whether the address becomes the default. */
  isDefault?: boolean;
};
