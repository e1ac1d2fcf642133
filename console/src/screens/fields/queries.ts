import { graphql, type ResultOf } from '../../api/graphql';

export const FieldDefinitions = graphql(`
  query FieldDefinitions {
    metafieldDefinitions(ownerType: "customer") {
      uuid
      namespace
      key
      name
      description
      type
      isList
      required
      visibleToCustomer
      validations
      subFields
      position
      version
    }
  }
`);

export type Definition = ResultOf<typeof FieldDefinitions>['metafieldDefinitions'][number];
export type FieldType = Definition['type'];

/** The API allows so many fields. */
export const MOST = 100;
export const nameOf = ({ namespace, key }: { namespace: string; key: string }) => `${namespace}.${key}`;
