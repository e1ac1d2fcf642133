import { graphql, type ResultOf } from '../../api/graphql';

export const OwnAccount = graphql(`
  query OwnAccount {
    me {
      uuid
      email
      fullName
      secondFactor
      secondFactorRequired
      recoveryCodesLeft
      steppedUpUntil
      createdAt
      lastSignInAt
      version
    }
  }
`);

export type Account = NonNullable<ResultOf<typeof OwnAccount>['me']>;
