/**
 * The sandbox on its own: `node packages/sandbox/src/main.ts --port 4566 --account 111122223333`.
 * The only reader of the command line. Prints one JSON object per line to standard output: where it listens, then the
 * keys of each account asked for. State lives in memory and is gone when it stops.
 */
import { parseArgs } from 'node:util'
import { startSandbox } from './index.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4566' },
    host: { type: 'string', default: '127.0.0.1' },
    /** Twelve digits; may be repeated. */
    account: { type: 'string', multiple: true, default: [] },
    /** JSON as `POST /_sandbox/faults` takes it. */
    faults: { type: 'string', default: '{}' },
    /** JSON as `POST /_sandbox/unknowns` takes it. */
    unknowns: { type: 'string', default: '{}' },
  },
})

const port = Number(values.port)
if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new TypeError('--port must be a number from 0 to 65535')

const sandbox = await startSandbox({
  port,
  host: values.host,
  onBug: error => process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`),
})
sandbox.faults.set(JSON.parse(values.faults))
sandbox.changeUnknowns(JSON.parse(values.unknowns))
print({ url: sandbox.url, port: sandbox.port })
for (const account of values.account) print(sandbox.makeAccount(account))

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void sandbox.close())

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
