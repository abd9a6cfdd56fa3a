/** A sandbox in a process of its own, to be killed: `sandbox-process.ts <data directory>`. Prints what a client needs. */
import { startSandbox } from '../src/index.ts'
import { seedForGrants } from './durable-world.ts'

const [, , dataDir = ''] = process.argv
const sandbox = await startSandbox({ dataDir })
process.stdout.write(`${JSON.stringify({ url: sandbox.url, ...(await seedForGrants(sandbox)) })}\n`)
