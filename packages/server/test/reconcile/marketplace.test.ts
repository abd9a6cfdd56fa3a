/**
 * The marketplace down to AWS: whatever is published, approved, extended, over or taken back, AWS holds exactly what
 * stands, by a reading of 06 of this test's own; and its ends are never held by the brake. The same in sequences at
 * random: the same ones for the same HEADGATE_SEED, longer ones in the long run.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Level } from '@headgate/core'
import { sql } from 'kysely'
import { act, system } from '../../src/db/act.ts'
import { noticeEnds } from '../../src/market/expiry.ts'
import { addMembership, endMemberships, membershipsOf } from '../../src/market/memberships.ts'
import { setTaggedSources, type TaggingCause } from '../../src/market/tagged-sources.ts'
import { storeProduct } from '../support/products.ts'
import { assertAsEntitled } from './as-entitled.ts'
import { storyIn } from './market-sequence.ts'
import { inAws, type Lake, lake, person, quiet, register, until } from './reconcile-world.ts'

const product = 'salesproduct'
const other = 'plansproduct'

async function publish(
  { server }: Lake,
  id: string,
  dataSources: readonly number[],
  cause: TaggingCause = 'product-published',
): Promise<void> {
  const levels: Level[] = ['READ', 'WRITE']
  await act(server.db, system, doing => setTaggedSources(doing, id, { dataSources, levels }, cause))
}

async function approve(
  { server }: Lake,
  of: string,
  who: number,
  { level = 'READ', forMs }: { level?: Level; forMs?: number } = {},
): Promise<number> {
  const { result } = await act(server.db, system, doing =>
    addMembership(doing, {
      product: of,
      person: who,
      level,
      ...(forMs === undefined ? {} : { until: doing.now + forMs }),
    }),
  )
  return result.id
}

const revoke = ({ server }: Lake, ...ids: readonly number[]) =>
  act(server.db, system, doing => endMemberships(doing, { ids }, 'membership-revoked'))

async function holds(here: Lake, what: string, ...expected: readonly string[]): Promise<void> {
  await until(`${what}: ${expected.join(', ')}`, () => inAws(here).join() === [...expected].sort().join())
  await quiet(here)
}

test('publishing, approving, extending, ends of all kinds and guardrails arrive in AWS exactly, past a brake that holds all', async t => {
  const here = await lake(t)
  await here.start()
  const { admin } = here.server
  const [one, two] = [
    await register(here, 's3://research-data/one/*'),
    await register(here, 's3://research-data/two/*'),
  ]
  const [ann, ben] = [await person(here, 'ann'), await person(here, 'ben')]
  const cy = await person(here, 'cy')
  await admin.dataSources.setMember({ params: { id: one, userId: cy }, body: { level: 'READ', reason: 'by hand' } })
  await admin.restraint.setBrake({ params: { id: here.integration }, body: { revocations: 0, percent: 0 } })
  const [path1, path2] = ['s3://research-data/one/*', 's3://research-data/two/*']
  const mine = `READ cy ${path1}`

  for (const id of [product, other]) await storeProduct(here.server.db, { id })
  await publish(here, product, [one])
  const first = await approve(here, product, ann)
  await holds(here, 'approved', mine, `READ ann ${path1}`)
  await publish(here, product, [one, two], 'product-changed')
  await holds(here, 'a source added reaches the members', mine, `READ ann ${path1}`, `READ ann ${path2}`)
  const second = await approve(here, product, ann, { forMs: 3_600_000 })
  await revoke(here, first)
  await holds(here, 'one of two approvals is taken back', mine, `READ ann ${path1}`, `READ ann ${path2}`)
  await publish(here, other, [two])
  const third = await approve(here, other, ann, { level: 'WRITE' })
  await holds(here, 'writing by another product', mine, `READ ann ${path1}`, `READWRITE ann ${path2}`)
  await revoke(here, third)
  await holds(here, 'lowered, and not held', mine, `READ ann ${path1}`, `READ ann ${path2}`)
  const short = await approve(here, other, ben, { forMs: 1500 })
  await holds(here, 'for a while', mine, `READ ann ${path1}`, `READ ann ${path2}`, `READ ben ${path2}`)
  await holds(here, 'over by its date alone', mine, `READ ann ${path1}`, `READ ann ${path2}`)
  const [row] = await membershipsOf(here.server.db.kysely, { ids: [short] })
  assert.equal(row?.endedAt, null)
  const { rows: causes } = await sql<{ cause: string; counted: boolean }>`
    select cause, counted from ledger where person_id = ${ben}`.execute(here.server.db.kysely)
  assert.deepEqual(causes, [{ cause: 'membership-expired', counted: false }])

  const { id: guardrail } = await admin.policies.create({
    body: {
      name: 'trained',
      kind: 'guardrail',
      level: 'READ',
      state: 'active',
      appliesTo: { any: [{ scope: path2 }] },
      who: { when: "@hasAttribute('trained')" },
    },
  })
  await until('held', async () => (await admin.restraint.get({ params: { id: here.integration } })).held.byBrake === 1)
  const [held] = (await admin.runs.list()).items.filter(run => run.held > 0)
  await admin.runs.release({ params: { id: held?.id ?? 0 } })
  await holds(here, 'a guardrail beats an approval', mine, `READ ann ${path1}`)
  await admin.policies.remove({ params: { id: guardrail }, ifMatch: '"1"' })
  await holds(here, 'and lets it stand again', mine, `READ ann ${path1}`, `READ ann ${path2}`)

  await approve(here, product, ben)
  await holds(here, 'two members', mine, ...[path1, path2].flatMap(path => [`READ ann ${path}`, `READ ben ${path}`]))
  await admin.users.remove({ params: { id: ben } })
  await holds(here, 'a person who goes', mine, `READ ann ${path1}`, `READ ann ${path2}`)
  await admin.dataSources.remove({ params: { id: two }, query: { hard: 'true' } })
  await holds(here, 'a data source that goes', mine, `READ ann ${path1}`)
  const tagged = await here.server.db.kysely.selectFrom('data_product_source').selectAll().execute()
  assert.deepEqual(tagged, [{ product_id: product, data_source_id: one }])
  await act(here.server.db, system, async doing => {
    await endMemberships(doing, { product }, 'product-deleted')
    await setTaggedSources(doing, product, undefined, 'product-deleted')
  })
  await holds(here, 'the product is deleted, and what another reason gave stays', mine)
  await assertAsEntitled(here)
  assert.deepEqual((await here.server.world.index.verify()).differences, [])
  const over = await membershipsOf(here.server.db.kysely, { person: ann })
  assert.deepEqual(
    over.map(({ id, endedCause }) => [id, endedCause]),
    [
      [first, 'membership-revoked'],
      [second, 'product-deleted'],
      [third, 'membership-revoked'],
    ],
  )
  assert.deepEqual(
    (await membershipsOf(here.server.db.kysely, { person: ben })).map(one => one.endedCause),
    ['user-deleted', 'user-deleted'],
  )
})

test('each membership that is over is noticed once, however many look at once, and is told of', async t => {
  const here = await lake(t)
  const { db } = here.server
  const ann = await person(here, 'ann')
  await storeProduct(db, { id: product })
  await publish(here, product, [await register(here, 's3://research-data/one/*')])
  const ids: number[] = []
  for (let at = 0; at < 30; at++) ids.push(await approve(here, product, ann, { forMs: 1 + at }))
  const lasting = await approve(here, product, ann, { forMs: 3_600_000 })
  await until('all over', async () => {
    const { rows } = await sql<{ over: boolean }>`select now() > max(until) as over from membership
      where id <> ${lasting}`.execute(db.kysely)
    return rows[0]?.over
  })
  const noticed = await Promise.all([noticeEnds({ db }), noticeEnds({ db }), noticeEnds({ db })])
  assert.equal(
    noticed.reduce((sum, one) => sum + one, 0),
    30,
  )
  const rows = await membershipsOf(db.kysely, { person: ann })
  assert.deepEqual(
    rows.map(({ id, endedCause }) => [id, endedCause]),
    [...ids.map(id => [id, 'membership-expired']), [lasting, null]],
  )
  const told = await db.kysely.selectFrom('audit_event').where('action', '=', 'EXPIRE').select('event').execute()
  assert.equal(told.length, 30)
  assert.match(told[0]?.event ?? '', /"type":"MembershipEnded".*"cause":"membership-expired"/)
  const [shown] = (await here.server.admin.access.what({ query: { user: ann } })).items
  assert.ok(shown?.until)
  assert.deepEqual(
    (await here.server.admin.users.get({ params: { id: ann } })).attributes.map(({ source, until }) => [source, until]),
    [['marketplace', shown.until]],
  )
  assert.equal(await noticeEnds({ db }), 0)

  const tagged = () => db.kysely.selectFrom('data_product_source').selectAll().execute()
  await db.kysely.updateTable('data_product').set({ state: 'retired' }).execute()
  await noticeEnds({ db })
  assert.equal((await tagged()).length, 1, 'a retired product keeps its tags while somebody has it')
  await revoke(here, lasting)
  await noticeEnds({ db })
  assert.deepEqual(await tagged(), [])
})

test('nobody is let into a product that takes nobody, for a time that is over, or without being there', async t => {
  const here = await lake(t)
  const { db } = here.server
  const ann = await person(here, 'ann')
  const add = (of: string, who: number, forMs?: number) => approve(here, of, who, forMs === undefined ? {} : { forMs })
  await assert.rejects(add(product, ann), { code: 'data-product-not-found' })
  await storeProduct(db, { id: product, state: 'draft' })
  for (const state of ['draft', 'retired', 'deleted', 'published'] as const) {
    await db.kysely.updateTable('data_product').set({ state }).execute()
    if (state !== 'published') await assert.rejects(add(product, ann), { code: 'data-product-closed' })
  }
  await assert.rejects(add(product, 999_999), { code: 'user-not-found' })
  await assert.rejects(add(product, ann, 0), { code: 'membership-over' })
  await assert.rejects(
    act(db, system, doing => endMemberships(doing, {}, 'membership-revoked')),
    /all memberships/,
  )
  assert.deepEqual(await membershipsOf(db.kysely, { person: ann }), [])
})

test('whatever people ask, decide, take back and change around it, they reach what stands, and AWS gives just that', async t => {
  const seed = Number(process.env.HEADGATE_SEED ?? 1)
  const length = process.env.HEADGATE_TEST_LONG ? 3000 : 60
  const here = await lake(t)
  await here.start()
  const { admin } = here.server
  await admin.restraint.setBrake({
    params: { id: here.integration },
    body: { revocations: 1_000_000, percent: 100 },
  })
  const story = await storyIn(here, seed)
  const told: string[] = []
  const where = () =>
    `HEADGATE_SEED=${seed}, after ${told.length} steps, the last of them: ${told.slice(-12).join(', ')}`
  for (let at = 1; at <= length; at++) {
    told.push(await story.step())
    assert.deepEqual(await story.reached(), story.reading(), where())
    if (at % 15 !== 0 && at !== length) continue
    const expected = story.reading().join()
    await until(`AWS holds ${expected}: ${where()}`, () => inAws(here).join() === expected)
  }
  await quiet(here)
  await assertAsEntitled(here)
  assert.deepEqual((await here.server.world.index.verify()).differences, [])
  t.diagnostic(JSON.stringify(Object.fromEntries([...story.done].sort())))
  if (length < 1000) return
  for (const what of ['ask', 'decide', 'extend', 'revoke', 'publish', 'change sources', 'change state', 'look'])
    assert.ok(story.done.has(what), `${what} came about`)
})
