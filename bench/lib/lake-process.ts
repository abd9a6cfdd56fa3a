/**
 * A sandbox in a process of its own, with one account ready to be connected and as many IAM users as are wanted:
 * `node lake-process.ts PEOPLE`, forked. Tells how to connect it, then the moment at which each request for a grant came in.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { fileURLToPath } from 'node:url'
import { startSandbox } from '@headgate/sandbox'
import { type Connectable, prepareAccount } from '../../packages/server/test/support/aws-account.ts'

export interface LakeProcess extends Connectable {
  readonly url: string
}

/** `at`: microseconds of the machine's clock that only rises, which all its processes share. */
export interface Arrival {
  readonly at: number
}

export const program = fileURLToPath(import.meta.url)

/** Of this machine, for whichever process asks. */
export function microseconds(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

export const userName = (n: number) => `person-${n}`

if (process.argv[1] === program) await serve(Number(process.argv[2]))

async function serve(people: number): Promise<void> {
  const sandbox = await startSandbox()
  const { accountId, region, locationRole, controller } = await prepareAccount(sandbox)
  const users = sandbox.state.accounts.get(accountId)?.users
  const [some] = users?.values() ?? []
  if (!users || !some) throw new Error('the account has no user to go by')
  for (let n = 0; n < people; n += 1) {
    const arn = `arn:aws:iam::${accountId}:user/${userName(n)}`
    users.set(userName(n), { ...some, userName: userName(n), arn, userId: `AIDABENCH${n}` })
  }
  subscribe('http.server.request.start', message => {
    const { method, url } = (message as { request: IncomingMessage }).request
    const isCreate = method === 'POST' && url === '/v20180820/accessgrantsinstance/grant'
    if (isCreate) process.send?.({ at: microseconds() } satisfies Arrival)
  })
  process.send?.({ url: sandbox.url, accountId, region, locationRole, controller } satisfies LakeProcess)
}
