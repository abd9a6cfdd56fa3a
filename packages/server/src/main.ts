/** The server alone, as a container runs it: settings from the environment, logs on standard output. */
import { readConfig } from './config.ts'
import { startServer } from './start-server.ts'

const server = await startServer(readConfig(process.env))
const link = await server.setUpLink()
if (link !== undefined) {
  // To the terminal of whoever set it up, and not among the lines that logs are made of.
  process.stderr.write(`First start. Make the first admin here, once and within a day: ${link}\n`)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close())
