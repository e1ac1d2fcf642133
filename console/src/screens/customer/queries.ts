import { graphql, graphqlOptions, type ResultOf, useGraphql } from '../../api/graphql';

/** Everything that the page shows besides the timeline, read at once so that values and definitions belong together. */
export const CustomerPage = graphql(`
  query CustomerPage($id: String!) {
    customer(id: $id) {
      customerId
      uuid
      status
      email
      fullName
      emailVerifiedAt
      createdAt
      updatedAt
      lastSignInAt
      version
      group {
        customerGroupId
        groupName
      }
      metafields {
        namespace
        key
        value
      }
      addresses {
        customerAddressId
        uuid
        fullName
        telephone
        address1
        address2
        postcode
        city
        province {
          code
          name
        }
        country {
          code
        }
        version
        isDefault
      }
      sessions {
        id
        createdAt
        lastUsedAt
        userAgent
        address
      }
    }
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
    }
  }
`);
export type CustomerData = ResultOf<typeof CustomerPage>;
export type Customer = NonNullable<CustomerData['customer']>;
export type Definition = CustomerData['metafieldDefinitions'][number];
export type Session = Customer['sessions'][number];

export const customerOptions = (uuid: string) => graphqlOptions(CustomerPage, { id: uuid });

const CountryList = graphql(`
  query CountryList {
    allowedCountries {
      code
      name
      postcodeRequired
      provinceRequired
      postcodeLabel
      provinceLabel
    }
  }
`);
/** A country, and what its addresses need. */
export type CountryFormat = ResultOf<typeof CountryList>['allowedCountries'][number];
export const countryOptions = () => graphqlOptions(CountryList, {});
export const useCountries = () => useGraphql(CountryList, {}, { staleTime: Infinity }).data?.allowedCountries;

const ProvinceList = graphql(`
  query ProvinceList($countries: [String]) {
    provinces(countries: $countries) {
      code
      name
    }
  }
`);
/** The provinces of a country. Undefined until they are loaded; small countries, and those that can't be loaded, have none. */
export function useProvinces(country: string) {
  const options = { enabled: Boolean(country), staleTime: Infinity };
  const { data, error } = useGraphql(ProvinceList, { countries: [country] }, options);
  return data?.provinces ?? (error ? [] : undefined);
}
