import type { CustomerFilter } from '../../api/generated/graphql';

/**
 * The filters of the list are in the URL: `?status=0&group=2&group=3&field.custom.loyalty=gold`. A name that occurs several
 * times means any of its values.
 */
export type Filter = {
  /** The name in the URL. */
  param: string;
  values: string[];
  label: string;
  /** The values for people. */
  text: string;
  /** What is sent to the server; undefined if the filter can't be applied. */
  condition?: CustomerFilter;
  /** Why it can't be applied. */
  problem?: string;
};

/** Values for people, with the names of those that have one. */
export const text = (values: string[], names: (value: string) => string | undefined = () => undefined) =>
  values.map((value) => names(value) ?? value).join(', ');
