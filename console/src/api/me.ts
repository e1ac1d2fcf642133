import { graphql, useGraphql } from './graphql';

const Me = graphql(`
  query Me {
    me {
      uuid
      email
      fullName
      secondFactor
      secondFactorRequired
      recoveryCodesLeft
      steppedUpUntil
      lastSignInAt
    }
  }
`);

/** The signed-in admin. Asked for twice a minute, so that a disabled admin is out even if nothing else is loaded. */
export const useMe = () => useGraphql(Me, {}, { every: 30_000 }).data?.me ?? null;
