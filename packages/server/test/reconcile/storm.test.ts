/**
 * Everything at once: people come, go and change while AWS throttles, loses answers, half fails and tells late, and the
 * database cuts connections. Once the storm is over, AWS gives exactly what people are entitled to.
 *
 * The same changes and faults for the same HEADGATE_SEED; some seconds in `npm test`, minutes in the long run.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError } from '@headgate/core/api'
import { sql } from 'kysely'
import { assertAsEntitled } from './as-entitled.ts'
import { type Lake, lake, mapTo, person, quiet, register, until } from './reconcile-world.ts'

const seed = Number(process.env.HEADGATE_SEED ?? 1)
const lastsMs = process.env.HEADGATE_TEST_LONG ? 180_000 : 8000
const names = ['ann', 'bob', 'cy', 'di', 'eve', 'fay', 'gus', 'hal', 'ida', 'joe']
const prefixes = ['a/*', 'a/in/*', 'a/in/deep/*', 'b/*', 'b/file.csv', 'c/*']

/** What may blow together. */
const winds: readonly object[] = [
  { kind: 'throttle', perSecond: 20, burst: 2 },
  { kind: 'throttle', perSecond: 3, burst: 1 },
  { kind: 'lost-answer', probability: 0.5 },
  { kind: 'lost-answer', operation: 'CreateAccessGrant' },
  { kind: 'lost-answer', operation: 'DeleteAccessGrant' },
  { kind: 'half-failure', probability: 0.4 },
  { kind: 'error', probability: 0.4 },
  { kind: 'error', status: 503, code: 'ServiceUnavailable', probability: 0.6 },
  { kind: 'error', status: 409, code: 'OperationAborted', probability: 0.2 },
  { kind: 'latency', ms: 30, jitterMs: 120 },
]

test('in a storm nothing is lost, doubled or forgotten', { timeout: lastsMs + 240_000 }, async t => {
  const here = await lake(t)
  const { admin, sandbox } = here.server
  const random = randomOf(seed)
  const people = new Map<string, number>()
  for (const name of names) people.set(name, await person(here, name))
  const sources: number[] = []
  for (const prefix of prefixes) sources.push(await register(here, `s3://research-data/${prefix}`))
  for (const value of ['a', 'b']) {
    const who = { when: `@hasAttribute('project', '${value}')` }
    const appliesTo = { any: [{ scope: `s3://research-data/${value}/*` }] }
    const level = value === 'a' ? 'READ' : 'WRITE'
    await admin.policies.create({ body: { name: value, kind: 'grant', level, who, appliesTo, state: 'active' } })
  }
  const brake = { revocations: 1_000_000, percent: 100 }
  await admin.restraint.setBrake({ params: { id: here.integration }, body: brake })
  const loop = await here.start({ callTimeoutMs: 50, leaseMs: 2000 })

  const changes: readonly ((name: string, id: number) => Promise<unknown>)[] = [
    (_, userId) => {
      const level = random.pick(['READ', 'WRITE'] as const)
      return admin.dataSources.setMember({
        params: { id: random.pick(sources), userId },
        body: { level, reason: 'a storm' },
      })
    },
    (_, userId) => admin.dataSources.removeMember({ params: { id: random.pick(sources), userId } }),
    (_, id) => admin.users.addAttribute({ params: { id, key: 'project', value: random.pick(['a', 'b']) } }),
    (_, id) => admin.users.removeAttribute({ params: { id, key: 'project', value: random.pick(['a', 'b']) } }),
    (_, id) => admin.users.update({ params: { id }, body: { disabled: random.chance(0.3) } }),
    (name, id) => mapTo(here, id, name),
    (_, id) => admin.users.setPrincipals({ params: { id }, body: [] }),
  ]
  const made = { changes: 0, refused: 0, cuts: 0 }
  const over = performance.now() + lastsMs
  let turns = 0
  while (performance.now() < over) {
    if (turns % 12 === 0) {
      const rules = winds.filter(() => random.chance(0.35)).map(wind => ({ ...wind, service: 's3control' }))
      const propagation = { grant: random.chance(0.5) ? 400 : 0, principal: 0, role: 0, revocation: 300 }
      sandbox.faults.set({ seed: seed + turns, rules, propagation })
    }
    if (turns % 40 === 39) {
      await cutConnections(here, random.chance(0.5))
      made.cuts += 1
    }
    const name = random.pick(names)
    const change = random.pick(changes)
    // A call without its connection is 503, and whoever takes away what is not there is told so.
    await change(name, people.get(name) ?? 0).catch(error => {
      assert.ok(error instanceof ApiError && error.status !== 500, String(error))
      made.refused += 1
    })
    made.changes += 1
    turns += 1
    await sleep(random.below(40))
  }
  sandbox.faults.set({ rules: [], propagation: { grant: 0, principal: 0, role: 0, revocation: 0 } })
  // A new leader looks at everybody; the old one would wait up to an hour for some.
  await loop.stop()
  await isSettled(here)
  // The storm is over: what a busy machine delays is no lost answer any more.
  await here.start({ leaseMs: 2000 })
  await until('everything settled', () => isSettled(here))
  await quiet(here)
  t.diagnostic(`HEADGATE_SEED=${seed}: ${JSON.stringify(made)}, ${JSON.stringify(sandbox.calls())}`)
  await assertAsEntitled(here)
})

/** The leader's alone, or every connection there is. */
async function cutConnections({ server }: Lake, isLeaderOnly: boolean): Promise<void> {
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
      and (not ${isLeaderOnly}::boolean or application_name = 'headgate leader')`.execute(server.db.kysely)
}

/** What waits for its next try, or for lists to have noticed, is told that the time has come. */
async function isSettled({ server }: Lake): Promise<boolean> {
  const { rows } = await sql<{ isOpen: boolean }>`with open as (
    update ledger set next_try_at = now(), updated_at = updated_at - interval '10 minutes',
      revoking_at = revoking_at - interval '10 minutes'
    where state not in ('active', 'revoked', 'abandoned') returning id
  ), aged as (
    -- What a covering grant makes redundant goes half a minute after that has come.
    update ledger set active_at = active_at - interval '1 minute' where state = 'active'
  ) select exists (select from open)
      or (select max(id) from fact_change) > (select min(checkpoint) from leadership) as "isOpen"`.execute(
    server.db.kysely,
  )
  if (rows[0]?.isOpen === false) return true
  await sql`select pg_notify('fact_change', '')`.execute(server.db.kysely)
  await sleep(300)
  return false
}

/** Mulberry32. */
function randomOf(start: number) {
  let state = Math.imul(start, 0x9e3779b1)
  function next(): number {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    chance: (probability: number) => next() < probability,
    pick: <T>(items: readonly T[]): T => items[below(items.length)] as T,
  }
}
