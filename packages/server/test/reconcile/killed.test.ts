/** 5,000 grants from one policy, the process killed in the middle: after a restart exactly 5,000, in AWS and in the ledger. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assertAsEntitled } from './as-entitled.ts'
import { crowd, lake, person, quiet, register, until } from './reconcile-world.ts'

const size = 5000
const program = fileURLToPath(new URL('loop-process.ts', import.meta.url))

test('killed in the middle of 5,000 grants, restarted: 5,000 and no more; a revocation does not wait for the rest', {
  timeout: 300_000,
}, async t => {
  const here = await lake(t)
  const { server, account } = here
  const children: ChildProcess[] = []
  t.after(() => {
    for (const child of children) child.kill('SIGKILL')
  })
  const start = () => {
    const child = spawn(process.execPath, [program, server.databaseUrl, server.sandbox.url], { stdio: 'inherit' })
    children.push(child)
    return child
  }
  const held = () => server.sandbox.state.accounts.get(account.accountId)!.accessGrants.get(account.region)!.grants
  const holds = (user: string) =>
    held()
      .values()
      .some(grant => grant.granteeIdentifier.endsWith(`/${user}`))

  const id = await register(here, 's3://research-data/finance/*')
  const ann = await person(here, 'ann')
  await server.admin.dataSources.setMember({ params: { id, userId: ann }, body: { level: 'READ', reason: 'needed' } })
  const first = start()
  await until('the first grant', () => holds('ann'))
  await crowd(here, size)
  const [who, appliesTo] = [{ when: "@hasAttribute('crowd', 'yes')" }, { everything: true as const }]
  await server.admin.policies.create({
    body: { name: 'all', kind: 'grant', level: 'READ', who, appliesTo, state: 'active' },
  })

  await until('a good part', () => held().size > 800)
  const changedAt = performance.now()
  await server.admin.dataSources.removeMember({ params: { id, userId: ann } })
  await until('the revocation', () => !holds('ann'))
  assert.ok(held().size < size, 'it did not wait for the rest')
  t.diagnostic(`revoked after ${Math.round(performance.now() - changedAt)} ms, with ${held().size} of ${size} made`)

  await until('the middle', () => held().size > size / 2)
  first.kill('SIGKILL')
  await once(first, 'exit')
  const left = held().size
  assert.ok(left < size, `${left} were made before the kill`)
  start()
  await until('going on', () => held().size > left + 50)
  const [goingOnAt, goingOnFrom] = [performance.now(), held().size]
  await until('all of them', () => held().size === size)
  const perSecond = (size - goingOnFrom) / ((performance.now() - goingOnAt) / 1000)
  t.diagnostic(`killed at ${left}; then ${Math.round(perSecond)} grants a second`)
  await quiet(here)
  await assertAsEntitled(here)
  assert.equal(held().size, size)
  const { n } = await server.db.kysely
    .selectFrom('ledger')
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .where('state', '=', 'active')
    .executeTakeFirstOrThrow()
  assert.equal(n, size)
})
