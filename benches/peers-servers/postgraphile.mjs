// PostGraphile as its documentation describes it for production: NODE_ENV is production, the schema is not watched, plans
// are not explained. Grafserv's own adaptor for Node.js has no web framework around it.
import { createServer } from 'node:http'
import { postgraphile } from 'postgraphile'
import { makePgService } from 'postgraphile/adaptors/pg'
import { grafserv } from 'postgraphile/grafserv/node'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'

export async function start({ port, pool }) {
  const { connectionString, ...poolConfig } = pool
  const instance = postgraphile({
    extends: [PostGraphileAmberPreset],
    pgServices: [makePgService({ connectionString, schemas: ['public'], poolConfig })],
    // Also plain lists, for addresses: they cost less than connections.
    schema: { defaultBehavior: 'list connection' },
    grafast: { explain: false },
    // outputDataAsString writes the data of a response as JSON without objects in between.
    grafserv: { watch: false, graphiql: false, websockets: false, outputDataAsString: true },
  })
  // The schema is built before the first request.
  await instance.getSchema()
  const server = createServer()
  await instance.createServ(grafserv).addTo(server)
  server.listen(port, '127.0.0.1')
}
