/** AWS held against the ledger: what differs is repaired, or told and left alone. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { ApiError } from '@headgate/core/api'
import { sql } from 'kysely'
import { assertAsEntitled } from './as-entitled.ts'
import {
  age,
  compare,
  createByHand,
  deleteByHand,
  found,
  grantOf,
  instanceOf,
  reindex,
  settled,
  tenantOf,
  told,
} from './audit-world.ts'
import { grants, inAws, type Lake, lake, person, quiet, until } from './reconcile-world.ts'

const [ann, bob, cy] = ['ann', 'bob', 'cy'].map(name => `READ ${name} s3://research-data/finance/*`)

async function auditEvents({ server }: Lake): Promise<string[]> {
  const rows = await server.db.kysely.selectFrom('audit_event').select('event').orderBy('sequence').execute()
  return rows.map(({ event }) => JSON.parse(event).auditPayload.type)
}

test('a grant that was removed by hand is made again; those that are as they were are left alone', async t => {
  const here = await lake(t)
  await here.start()
  await settled(here, 'ann', 'bob', 'cy')
  const kept = grantOf(here, 'bob').id
  await deleteByHand(here, grantOf(here, 'ann').id)
  const report = await compare(here)
  assert.equal(told(report), '3 checked, 2 equal, 1 missing')
  assert.deepEqual(found(report), ['missing recreate'])
  assert.deepEqual(report.notCompared, ['S3PrefixType'])
  await until('all three', () => inAws(here).join() === [ann, bob, cy].join())
  await quiet(here)
  await assertAsEntitled(here)
  assert.equal(grantOf(here, 'bob').id, kept)
  assert.ok((await auditEvents(here)).includes('DriftRepairOrdered'))
  await age(here)
  assert.equal(told(await compare(here)), '3 checked, 3 equal')
})

test('somebody who lost the right to a grant that was removed by hand does not get it back', async t => {
  const here = await lake(t)
  const loop = await here.start()
  const id = await settled(here, 'ann', 'bob')
  await deleteByHand(here, grantOf(here, 'ann').id)
  const [row] = await grants(here, { live: 'true' })
  await loop.stop()
  await here.server.admin.drift.resync({ params: { id: here.integration } })
  await here.server.admin.dataSources.removeMember({ params: { id, userId: row?.user.id ?? 0 } })
  await here.start()
  await until('one left', async () => (await grants(here, { state: 'active' })).length === 1)
  assert.equal(inAws(here).length <= 1, true)
})

test('a grant of ours that is another in AWS than was meant is revoked and made as meant', async t => {
  const here = await lake(t)
  await here.start()
  await settled(here, 'ann', 'bob')
  const old = grantOf(here, 'ann')
  Object.assign(old, { scope: 's3://research-data/*', permission: 'READWRITE' })
  reindex(here)
  const report = await compare(here)
  assert.equal(told(report), '2 checked, 1 equal, 1 changed')
  assert.deepEqual(found(report), ['changed replace'])
  assert.match(report.findings[0]?.detail ?? '', /scope `s3:\/\/research-data\/\*` instead of/)
  await until('as meant', () => inAws(here).join() === [ann, bob].join())
  await quiet(here)
  await assertAsEntitled(here)
  assert.notEqual(grantOf(here, 'ann').id, old.id)
})

test('foreign grants in the location are told and left alone, until an order names one; those elsewhere only count', async t => {
  const here = await lake(t)
  await here.start()
  await settled(here, 'ann', 'bob')
  await person(here, 'eve')
  const own = await createByHand(here, 'eve')
  const other = await createByHand(here, 'eve', { prefix: 'public/*' })
  const instance = instanceOf(here)
  const [location] = instance.locations.values()
  if (!location) assert.fail('no location')
  // As SageMaker Unified Studio makes its own.
  instance.locations.set('theirs', { ...location, id: 'theirs', scope: 's3://research-data/studio/' })
  await createByHand(here, 'eve', { location: 'theirs', prefix: '*' })

  const report = await compare(here)
  assert.equal(told(report), '4 checked, 2 equal, 2 foreign')
  assert.deepEqual(found(report), ['foreign report', 'foreign report'])
  assert.equal(instance.grants.size, 5)

  const params = { id: here.integration }
  const { admin } = here.server
  assert.equal((await admin.drift.read({ params })).lastScan?.listed, 5)
  assert.deepEqual(
    (await admin.drift.foreign({ params })).items.map(({ awsGrantId }) => awsGrantId),
    [own, other].sort(),
  )
  const tagsRead = here.server.sandbox.calls()['s3control.ListTagsForResource']
  await compare(here)
  assert.equal(here.server.sandbox.calls()['s3control.ListTagsForResource'], tagsRead, 'known as foreign')

  const removed = await admin.drift.removeForeign({ params: { ...params, grantId: own } })
  assert.ok(removed.removalOrderedAt && removed.removedAt)
  assert.equal(instance.grants.has(own), false)
  assert.equal(told(await compare(here)), '3 checked, 2 equal, 1 foreign')
  const events = await auditEvents(here)
  assert.deepEqual(
    events.filter(type => type.startsWith('Foreign')),
    ['ForeignGrantRemovalOrdered', 'ForeignGrantRemoved'],
  )

  for (const grantId of [grantOf(here, 'ann').id, own, 'nothing']) {
    const refused = await admin.drift.removeForeign({ params: { ...params, grantId } }).catch(error => error)
    assert.ok(refused instanceof ApiError)
    assert.equal(refused.code, 'foreign-grant-not-found')
  }
  assert.equal(instance.grants.size, 4)
})

test('a grant of ours that no live row stands for is removed: of a row that is over, of one that was lost, one revoked', async t => {
  const here = await lake(t)
  await here.start()
  const id = await settled(here, 'ann', 'bob', 'cy')
  const [row] = (await grants(here, { live: 'true' })).filter(({ user }) => user.userid === 'ann')
  const gone = { ...grantOf(here, 'ann') }
  await here.server.admin.dataSources.removeMember({ params: { id, userId: row?.user.id ?? 0 } })
  await until('revoked', () => instanceOf(here).grants.size === 2)
  await quiet(here)
  const { intent } = await here.server.db.kysely
    .selectFrom('ledger')
    .select('intent')
    .where('id', '=', row?.id ?? 0)
    .executeTakeFirstOrThrow()
  const tenant = { 'headgate:tenant': await tenantOf(here) }
  // Carried out by AWS after all, a long time after the call; and made by a row that a restored backup lacks.
  const late = await createByHand(here, 'ann', { prefix: 'late/*', tags: { ...tenant, 'headgate:intent': intent } })
  const lost = await createByHand(here, 'ann', {
    prefix: 'lost/*',
    tags: { ...tenant, 'headgate:intent': randomUUID() },
  })
  const theirs = await createByHand(here, 'ann', { prefix: 'x/*', tags: { 'headgate:intent': intent } })
  assert.equal(told(await compare(here)), '5 checked, 2 equal, 1 orphans, 1 foreign, 1 unjudged', 'just revoked')
  await until('one left', () => !instanceOf(here).grants.has(lost))
  assert.ok(instanceOf(here).grants.has(late))

  await age(here)
  // AWS shows again what it had deleted.
  instanceOf(here).grants.set(gone.id, gone)
  reindex(here)
  const report = await compare(here)
  assert.equal(told(report), '5 checked, 2 equal, 2 orphans, 1 foreign')
  assert.deepEqual(found(report), ['foreign report', 'orphan remove', 'orphan remove'])
  assert.deepEqual([...instanceOf(here).grants.keys()].includes(theirs), true)
  assert.equal(instanceOf(here).grants.size, 3)
  assert.equal((await auditEvents(here)).filter(type => type === 'OrphanGrantRemoved').length, 3)
})

test('what was made a moment ago and is not listed yet is not judged', async t => {
  const here = await lake(t)
  await here.start()
  await settled(here, 'ann')
  here.server.sandbox.faults.set({ propagation: { grant: 3_600_000 } })
  const created = instanceOf(here).sequence
  await sql`update ledger set updated_at = clock_timestamp()`.execute(here.server.db.kysely)
  const report = await compare(here)
  assert.equal(told(report), '1 unjudged')
  await quiet(here)
  assert.equal(instanceOf(here).sequence, created)
})

const repairs = [
  { name: 'answers to creates lost', rules: [{ kind: 'lost-answer', operation: 'CreateAccessGrant' }] },
  { name: 'a third of all answers lost', rules: [{ kind: 'lost-answer', service: 's3control', probability: 0.3 }] },
  { name: 'throttles', rules: [{ kind: 'throttle', perSecond: 20, burst: 2 }] },
]
for (const { name, rules } of repairs) {
  test(`${name} while repairing: each grant is made again once`, async t => {
    const here = await lake(t)
    await here.start()
    const names = ['ann', 'bob', 'cy', 'di', 'ed', 'fay']
    await settled(here, ...names)
    const made = instanceOf(here).sequence
    for (const gone of names.slice(1)) await deleteByHand(here, grantOf(here, gone).id)
    here.server.sandbox.faults.set({ seed: 5, rules })
    assert.equal(told(await compare(here)), '6 checked, 1 equal, 5 missing')
    await until('all of them', () => inAws(here).length === names.length)
    here.server.sandbox.faults.set({ rules: [] })
    await until('every outcome', async () => (await grants(here, { state: 'active' })).length === names.length)
    await assertAsEntitled(here)
    assert.equal(instanceOf(here).sequence, made + 5)
  })
}

test('a comparison that AWS refuses is told, marks nothing, and the next one does', async t => {
  const here = await lake(t)
  await here.start()
  await settled(here, 'ann')
  await deleteByHand(here, grantOf(here, 'ann').id)
  here.server.sandbox.faults.set({
    rules: [{ kind: 'error', status: 403, code: 'AccessDenied', operation: 'ListAccessGrants' }],
  })
  const params = { id: here.integration }
  const asked = await here.server.admin.drift.resync({ params })
  assert.equal(asked.finishedAt, undefined)
  const failed = await until('told', async () => {
    const { lastScan } = await here.server.admin.drift.read({ params })
    return lastScan?.error
  })
  assert.match(failed, /ListAccessGrants: AccessDenied/)
  assert.equal((await here.server.admin.drift.read({ params })).latest, undefined)
  assert.equal((await grants(here, { state: 'active' })).length, 1)
  here.server.sandbox.faults.set({ rules: [] })
  assert.equal(told(await compare(here)), '1 checked, 1 missing')
  await until('made again', () => inAws(here).join() === ann)
})

for (const mode of ['observe', 'add'] as const) {
  test(`in mode ${mode} nothing is taken away${mode === 'observe' ? ', and nothing made' : ''}`, async t => {
    const here = await lake(t)
    await here.start()
    await settled(here, 'ann', 'bob')
    await sql`update integration set mode = ${mode}`.execute(here.server.db.kysely)
    await deleteByHand(here, grantOf(here, 'ann').id)
    const changed = grantOf(here, 'bob')
    Object.assign(changed, { permission: 'READWRITE' })
    const tags = { 'headgate:tenant': await tenantOf(here), 'headgate:intent': randomUUID() }
    const orphan = await createByHand(here, 'ann', { prefix: 'lost/*', tags })
    const report = await compare(here)
    const done = mode === 'add' ? 'recreate' : 'report'
    assert.deepEqual(found(report), ['changed report', `missing ${done}`, 'orphan report'])
    if (mode === 'add') await until('made again', () => inAws(here).includes(ann ?? ''))
    await quiet(here)
    assert.ok(instanceOf(here).grants.has(changed.id) && instanceOf(here).grants.has(orphan))
    assert.equal(instanceOf(here).grants.size, mode === 'add' ? 3 : 2)
  })
}
