import { graphql, type ResultOf } from '../../api/graphql';

export const AdminList = graphql(`
  query AdminList($first: Int, $after: String, $last: Int, $before: String) {
    admins(first: $first, after: $after, last: $last, before: $before) {
      nodes {
        uuid
        email
        fullName
        status
        secondFactor
        secondFactorRequired
        createdAt
        lastSignInAt
        version
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
    overview {
      admins
      adminsWithoutSecondFactor
    }
  }
`);

export const AdminByUuid = graphql(`
  query AdminByUuid($uuid: String!) {
    admin(uuid: $uuid) {
      fullName
      version
    }
  }
`);

export type Admin = ResultOf<typeof AdminList>['admins']['nodes'][number];
