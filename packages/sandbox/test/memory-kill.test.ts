/** `kill -9` in the middle of the work: every grant that a client was told of is there after a restart. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as aws from '@aws-sdk/client-s3-control'
import type { SeededAccount } from '../src/index.ts'
import { grantOf, newDataDir, startDurable } from './durable-world.ts'
import { ACCOUNT, controlClient } from './world.ts'

const WANTED = 2000
const AT_ONCE = 16

test('killed amid 2,000 creations, a sandbox has lost none of the grants it answered for', async t => {
  const dataDir = await newDataDir(t)
  const program = fileURLToPath(import.meta.resolve('./sandbox-process.ts'))
  const child = spawn(process.execPath, [program, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  const { url, account, locationId } = JSON.parse(line) as {
    readonly url: string
    readonly account: SeededAccount
    readonly locationId: string
  }
  const killAfter = 300 + Math.floor(Math.random() * 1200)
  t.diagnostic(`killed after ${killAfter} answers`)

  const client = controlClient({ url }, account.controller)
  const answered: string[] = []
  let asked = 0
  const create = async () => {
    while (asked < WANTED) {
      const { AccessGrantId = '' } = await client.send(grantOf(account, locationId, `${asked++}/*`))
      answered.push(AccessGrantId)
      if (answered.length === killAfter) child.kill('SIGKILL')
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, create))
  await exited
  assert.ok(ends.some(({ status }) => status === 'rejected'))
  assert.ok(answered.length >= killAfter && answered.length < WANTED)

  const sandbox = await startDurable(t, { dataDir })
  const grants = sandbox.state.accounts.get(ACCOUNT)?.accessGrants.get(account.region)?.grants
  assert.deepEqual(
    answered.filter(id => !grants?.has(id)),
    [],
  )
  // Those that were done and not yet answered may be there too; nothing else.
  assert.ok((grants?.size ?? 0) <= answered.length + AT_ONCE)
  const again = controlClient(sandbox, account.controller)
  const AccessGrantId = answered.at(-1)
  await again.send(new aws.GetAccessGrantCommand({ AccountId: ACCOUNT, AccessGrantId }))
  await again.send(grantOf(account, locationId, 'after/*'))
})
