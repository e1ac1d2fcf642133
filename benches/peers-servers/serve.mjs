// Starts a server for benches/peers, in one process or as a cluster:
//
//   PORT=… WORKERS=… CONNECTIONS=… DATABASE_URL=… node serve.mjs postgraphile|mercurius
//
// Workers of a cluster accept on one port: Node.js gives each new connection to the next worker. The connections to the
// database are divided among the workers.
import cluster from 'node:cluster'

const [name] = process.argv.slice(2)
const workers = Number(process.env.WORKERS)

if (workers > 1 && cluster.isPrimary) {
  for (let number = 0; number < workers; number += 1) cluster.fork()
  cluster.on('exit', () => process.exit(1))
} else {
  const { start } = await import(`./${name}.mjs`)
  await start({
    port: Number(process.env.PORT),
    pool: {
      connectionString: process.env.DATABASE_URL,
      max: Math.max(1, Math.floor(Number(process.env.CONNECTIONS) / workers)),
      // Connections stay open between the rounds.
      idleTimeoutMillis: 0,
    },
  })
}
