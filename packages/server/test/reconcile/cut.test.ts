/**
 * Cut at every boundary, as kill -9 would: from there on the old loop does nothing more, its lock is free, and a new
 * leader makes AWS equal the entitlements with no orphan and no duplicate.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { openDatabase } from '../../src/db/open.ts'
import type { Boundary } from '../../src/reconcile/boundary.ts'
import { startChangeLoop } from '../../src/reconcile/change-loop.ts'
import { assertAsEntitled } from './as-entitled.ts'
import { cutAt, killLeader } from './cut-world.ts'
import { inAws, type Lake, lake, person, quiet, register, until } from './reconcile-world.ts'

const boundaries: readonly Boundary[] = [
  'before epoch',
  'after epoch',
  'before plan',
  'before intents',
  'after intents',
  'before creating',
  'after creating',
  'before create',
  'after create',
  'before delete',
  'after delete',
  'before outcomes',
  'after outcomes',
  'before run end',
  'after run end',
]

/** Two people to be let in, one to be raised, one to be put out: something for every step. */
async function story(here: Lake) {
  const id = await register(here, 's3://research-data/finance/*')
  const people = [
    await person(here, 'ann'),
    await person(here, 'bob'),
    await person(here, 'cy'),
    await person(here, 'di'),
  ]
  const [ann, bob, cy, di] = people as [number, number, number, number]
  const set = (userId: number, level: 'READ' | 'WRITE') =>
    here.server.admin.dataSources.setMember({ params: { id, userId }, body: { level, reason: 'needed' } })
  return {
    async before() {
      await set(ann, 'READ')
      await set(bob, 'READ')
    },
    async during() {
      await set(ann, 'WRITE')
      await set(cy, 'READ')
      await set(di, 'READ')
      await here.server.admin.dataSources.removeMember({ params: { id, userId: bob } })
    },
    wanted: ['READ cy', 'READ di', 'READWRITE ann'].map(who => `${who} s3://research-data/finance/*`),
  }
}

/** Met again while other calls are in flight. */
const twice: ReadonlySet<Boundary> = new Set(['after intents', 'after create', 'after delete', 'after outcomes'])

for (const name of boundaries) {
  for (const nth of twice.has(name) ? [1, 2] : [1]) {
    test(`cut ${name}, time ${nth}`, { timeout: 120_000 }, async t => {
      const here = await lake(t)
      const { before, during, wanted } = await story(here)
      const first = await startChangeLoop(here.server.world)
      await before()
      await until('the first grants', () => inAws(here).length === 2)
      await quiet(here)
      await first.stop()
      await during()

      const cut = cutAt(name, nth)
      const db = openDatabase(here.server.databaseUrl, { maxConnections: 3 })
      const old = await startChangeLoop({ ...here.server.world, db }, { atBoundary: cut.atBoundary })
      await until('the cut, or the end without it', async () => cut.isCut() || (await isDone(here, wanted)))
      // Every boundary is met at least once.
      assert.ok(cut.isCut() || nth > 1)
      await killLeader(here)

      await here.start({ callTimeoutMs: 50 })
      await until('what is wanted', () => inAws(here).join() === wanted.join())
      await quiet(here)
      await assertAsEntitled(here)
      cut.release()
      await old.stop()
      await db.close()
      await quiet(here)
      assert.deepEqual(inAws(here), wanted)
      await assertAsEntitled(here)
      assert.equal(await effects(here), 'each grant made once')
    })
  }
}

test('two loops: one leads; when its connection is cut the other takes over, and the old one writes nothing', async t => {
  const here = await lake(t)
  const { before, during, wanted } = await story(here)
  await here.start({ callTimeoutMs: 50 })
  await until('an epoch', async () => (await epochOf(here)) === 1)
  const db = openDatabase(here.server.databaseUrl)
  const second = await startChangeLoop({ ...here.server.world, db }, { callTimeoutMs: 50 })
  t.after(async () => {
    await second.stop()
    await db.close()
  })
  await before()
  await until('the first grants', () => inAws(here).length === 2)
  assert.equal(await epochOf(here), 1)

  await killLeader(here)
  await during()
  await until('what is wanted', () => inAws(here).join() === wanted.join())
  await quiet(here)
  assert.ok((await epochOf(here)) >= 2)
  await assertAsEntitled(here)
})

async function epochOf({ server }: Lake): Promise<number> {
  const row = await server.db.kysely.selectFrom('leadership').select('epoch').executeTakeFirst()
  return row?.epoch ?? 0
}

async function isDone(here: Lake, wanted: readonly string[]): Promise<boolean> {
  return inAws(here).join() === wanted.join()
}

/** Every grant that AWS ever made has a row of its own. */
async function effects({ server, account }: Lake): Promise<string> {
  const sequence = server.sandbox.state.accounts.get(account.accountId)?.accessGrants.get(account.region)?.sequence
  const { rows } = await sql<{ n: number }>`
    select count(distinct aws_grant_id)::int as n from ledger`.execute(server.db.kysely)
  return rows[0]!.n === made(sequence ?? 0) ? 'each grant made once' : `${sequence} made, ${rows[0]!.n} in the ledger`
}

/** The instance counts its location too. */
function made(sequence: number): number {
  return sequence - 1
}
