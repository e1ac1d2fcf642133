// A server that is written by hand for these two queries, on Fastify, Mercurius with graphql-jit, and pg. It has the names of
// patron's schema, and no authorization.
import DataLoader from 'dataloader'
import Fastify from 'fastify'
import mercurius from 'mercurius'
import pg from 'pg'

const schema = `
  scalar DateTime
  type Country { code: String! }
  type CustomerGroup { groupName: String! }
  type CustomerAddress {
    fullName: String address1: String city: String postcode: String telephone: String country: Country!
  }
  type Customer {
    uuid: String! email: String! fullName: String! status: Int! createdAt: DateTime! updatedAt: DateTime!
    group: CustomerGroup addresses: [CustomerAddress!]!
  }
  type CustomerEdge { cursor: String! }
  type CustomerConnection { nodes: [Customer!]! edges: [CustomerEdge!]! }
  input DateTimeFilter { gteq: DateTime! }
  input CustomerFilter { createdAt: DateTimeFilter! }
  type Query {
    customer(id: String): Customer
    customersConnection(first: Int!, after: String, filter: CustomerFilter): CustomerConnection!
  }
`

// The columns that the schema has, under the names of its fields. Timestamps that PostgreSQL writes as text cost less than
// objects of type Date.
const time = (column) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
const CUSTOMER = `SELECT customer_id, group_id, uuid, email, full_name AS "fullName", status,
  ${time('created_at')} AS "createdAt", ${time('updated_at')} AS "updatedAt" FROM customer`
const NEWEST = 'ORDER BY customer_id DESC LIMIT $1'

// pg prepares a statement with a name once per connection.
const statements = {
  byUuid: `${CUSTOMER} WHERE uuid = $1`,
  firstPage: `${CUSTOMER} ${NEWEST}`,
  pageSince: `${CUSTOMER} WHERE created_at >= $2 ${NEWEST}`,
  pageAfter: `${CUSTOMER} WHERE customer_id < $2 ${NEWEST}`,
  groups: 'SELECT customer_group_id, group_name AS "groupName" FROM customer_group WHERE customer_group_id = ANY($1)',
  addresses: `SELECT customer_id, full_name AS "fullName", address_1 AS "address1", city, postcode, telephone, country
    FROM customer_address WHERE customer_id = ANY($1) ORDER BY customer_address_id`,
}

const encodeCursor = (customer) => Buffer.from(String(customer.customer_id)).toString('base64url')
const decodeCursor = (text) => Number(Buffer.from(text, 'base64url').toString())

export async function start({ port, pool: options }) {
  const pool = new pg.Pool(options)
  const rows = async (name, ...values) => (await pool.query({ name, text: statements[name], values })).rows

  // One statement for all groups of a response, and one for all addresses. Mercurius' own loaders compare whole rows as
  // JSON, and were slower.
  const loadGroups = async (ids) => {
    const found = new Map((await rows('groups', ids)).map((group) => [group.customer_group_id, group]))
    return ids.map((id) => found.get(id))
  }
  const loadAddresses = async (ids) => {
    const found = new Map(ids.map((id) => [id, []]))
    for (const address of await rows('addresses', ids)) found.get(address.customer_id).push(address)
    return ids.map((id) => found.get(id))
  }

  const page = ({ first, after, filter }) => {
    if (after) return rows('pageAfter', first, decodeCursor(after))
    return filter ? rows('pageSince', first, filter.createdAt.gteq) : rows('firstPage', first)
  }
  const resolvers = {
    Query: {
      customer: async (_, { id }) => (await rows('byUuid', id))[0],
      customersConnection: async (_, query) => ({ nodes: await page(query) }),
    },
    CustomerConnection: { edges: ({ nodes }) => nodes.map((node) => ({ cursor: encodeCursor(node) })) },
    Customer: {
      group: ({ group_id: id }, _, { groups }) => (id === null ? null : groups.load(id)),
      addresses: ({ customer_id: id }, _, { addresses }) => addresses.load(id),
    },
    CustomerAddress: { country: ({ country }) => ({ code: country }) },
  }

  const app = Fastify()
  const context = () => ({ groups: new DataLoader(loadGroups), addresses: new DataLoader(loadAddresses) })
  app.register(mercurius, { schema, resolvers, context, jit: 1 })
  await app.listen({ port, host: '127.0.0.1' })
}
