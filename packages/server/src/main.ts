/** The server alone, as a container runs it: settings from the environment, logs on standard output. */
import { readConfig } from './config.ts'
import { startServer } from './start-server.ts'

const server = await startServer(readConfig(process.env))
if (server.isNew) {
  // Shown this once, and only on the terminal of whoever set it up.
  process.stderr.write(`First start. The admin's API key, shown this once: ${await server.adminKey()}\n`)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close())
