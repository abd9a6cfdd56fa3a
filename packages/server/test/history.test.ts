/** The past, read back from the changes: it is what the tables were, at every moment. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { UserId } from '@headgate/core'
import { sql } from 'kysely'
import { act, system } from '../src/db/act.ts'
import { lastSequence } from '../src/db/fact-change.ts'
import { grantsAt } from '../src/db/grant-history.ts'
import { findIntegration, sayChanged } from '../src/db/integration.ts'
import { createPast, indexAt } from '../src/history/index-at.ts'
import { differencesOf } from '../src/live-index/compare.ts'
import { reachedBy } from '../src/live-index/desired.ts'
import { loadIndex } from '../src/live-index/held.ts'
import { addMembership, endMemberships } from '../src/market/memberships.ts'
import { setTaggedSources } from '../src/market/tagged-sources.ts'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { storeProduct } from './support/products.ts'
import { type TestServer, testServer } from './support/server.ts'

let server: TestServer
before(async () => {
  server = await testServer()
})
after(() => server.close())

test('after each of many changes the history tells what the tables hold, and later still does', async () => {
  const { admin, db } = server
  const integration = await storedIntegration(server)
  await act(db, system, async doing => {
    const row = await findIntegration(doing.tx, integration)
    sayChanged(doing, row ?? assert.fail(), 'integration-created')
  })
  const [ann, ben] = [await server.as([], 'ann'), await server.as([], 'ben')]
  const role = (name: string) => ({ kind: 'iamRole' as const, identifier: `arn:aws:iam::111122223333:role/${name}` })
  const group = await admin.groups.create({ body: { name: 'Analysts' } })
  const [outer, inner] = await Promise.all([
    storeDataSource(server, integration, { name: 'outer', scope: 's3://research-data/a/*' }),
    storeDataSource(server, integration, { name: 'inner', scope: 's3://research-data/a/b/*' }),
  ])
  const [onOuter, onInner] = [{ params: { id: outer } }, { params: { id: inner } }]
  const policy = { kind: 'grant', level: 'READ', state: 'active' } as const
  let version = ''
  const product = 'product0'
  const published = 'product-published'
  const levels = ['READ' as const, 'WRITE' as const]
  let approval = 0
  await storeProduct(db, { id: product })
  const steps: (() => Promise<unknown>)[] = [
    () => admin.tags.create({ body: { name: 'Finance.Payroll' } }),
    () => admin.dataSources.addTags({ ...onInner, body: { tags: ['Finance.Payroll'] } }),
    () => admin.domains.create({ body: { name: 'emea', tags: ['Finance'] } }),
    () => admin.domains.addDataSource({ params: { name: 'emea', id: outer } }),
    () => admin.groups.addMember({ params: { id: group.id, userId: ann.id } }),
    () => admin.groups.addAttribute({ params: { id: group.id, key: 'team', value: 'x/y' } }),
    () => admin.users.addAttribute({ params: { id: ben.id, key: 'a/b', value: 'Finance' } }),
    () => admin.users.setPrincipals({ params: { id: ann.id }, body: [role('ann')] }),
    () => admin.users.setPrincipals({ params: { id: ben.id }, body: [role('ben')] }),
    () =>
      admin.policies.create({
        body: {
          ...policy,
          name: 'team',
          domain: 'emea',
          appliesTo: { everything: true },
          who: { when: "@hasAttribute('team')" },
        },
      }),
    () =>
      admin.policies.create({
        body: {
          ...policy,
          name: 'tags',
          appliesTo: { any: [{ tag: 'Finance' }, { scope: 's3://research-data/a/*' }] },
          who: { when: "@hasTagAsAttribute('a/b', 'dataSource')" },
        },
      }),
    () =>
      admin.policies.create({
        body: {
          ...policy,
          name: 'picked',
          appliesTo: { selected: true },
          who: { everyone: true },
          subscribe: 'manual',
        },
      }),
    () =>
      admin.policies.create({
        body: {
          ...policy,
          kind: 'guardrail',
          name: 'mapped',
          appliesTo: { everything: true },
          who: { when: "@hasPrincipal('iamRole')" },
        },
      }),
    async () => {
      const { items } = await admin.policies.list({ query: { search: 'picked' } })
      return admin.subscriptions.select({ params: { id: outer, policyId: items[0]!.id } })
    },
    () => ben.subscriptions.subscribe({ ...onOuter, body: { level: 'READ' } }),
    () => admin.dataSources.setMember({ params: { id: outer, userId: ann.id }, body: { level: 'WRITE', reason: 'x' } }),
    () =>
      admin.dataSources.setGroupMember({
        params: { id: inner, groupId: group.id },
        body: { level: 'READ', reason: 'x' },
      }),
    () =>
      admin.dataSources.setMember({ params: { id: outer, userId: ann.id }, body: { level: 'READ', reason: 'less' } }),
    () =>
      act(db, system, doing => setTaggedSources(doing, product, { dataSources: [inner], levels: ['READ'] }, published)),
    async () => {
      const given = { product, person: ben.id, level: 'READ' as const }
      const { result } = await act(db, system, doing => addMembership(doing, given))
      approval = result.id
    },
    () =>
      act(db, system, doing =>
        addMembership(doing, { product, person: ann.id, level: 'READ', until: doing.now + 3_600_000 }),
      ),
    () => act(db, system, doing => setTaggedSources(doing, product, { dataSources: [outer], levels }, published)),
    () => act(db, system, doing => endMemberships(doing, { ids: [approval] }, 'membership-revoked')),
    () => admin.users.update({ params: { id: ann.id }, body: { disabled: true } }),
    () => admin.users.update({ params: { id: ann.id }, body: { disabled: false } }),
    async () => {
      const { items } = await admin.policies.list({ query: { search: 'team' } })
      version = String(items[0]!.version)
      return admin.policies.stage({ params: { id: items[0]!.id }, ifMatch: version })
    },
    () => admin.users.removeAttribute({ params: { id: ben.id, key: 'a/b', value: 'Finance' } }),
    () => admin.users.setPrincipals({ params: { id: ben.id }, body: [] }),
    () => admin.dataSources.removeTags({ ...onInner, body: { tags: ['Finance.Payroll'] } }),
    () => admin.dataSources.remove(onInner),
    () => admin.dataSources.restore(onInner),
    () => admin.domains.removeDataSource({ params: { name: 'emea', id: outer } }),
    () => ben.subscriptions.unsubscribe(onOuter),
    () => admin.groups.removeMember({ params: { id: group.id, userId: ann.id } }),
    () => admin.groups.remove({ params: { id: group.id } }),
    () => admin.users.remove({ params: { id: ann.id } }),
    () => admin.dataSources.remove(onOuter),
    () => admin.dataSources.remove(onOuter),
  ]
  const moments: {
    readonly step: number
    readonly at: number
    readonly then: Awaited<ReturnType<typeof loadIndex>>
  }[] = []
  for (const [step, take] of steps.entries()) {
    await take()
    const then = await db.snapshot(loadIndex)
    assert.equal(then.sequence, await lastSequence(db))
    moments.push({ step, at: then.index.now, then })
  }
  for (const { step, at, then } of moments) {
    const past = await db.snapshot(tx => indexAt(tx, at))
    assert.deepEqual(await differencesOf(past.index, then.index), [], `after step ${step}`)
    assert.equal(past.sequence, then.sequence, `after step ${step}`)
    for (const { id } of [ann, ben]) {
      const alone = await db.snapshot(tx => indexAt(tx, at, id as UserId))
      const of = reachedBy(alone.index, id as UserId)
      assert.deepEqual(of, reachedBy(then.index, id as UserId), `${id} after step ${step}`)
      assert.equal(alone.index.facts.count <= 1 || step > 0, true)
    }
  }
})

test('whoever asks with the time that a change is shown with sees what it did', async () => {
  const { admin, db } = server
  const { sequence } = await act(db, system, async ({ audit, changed }) => {
    changed('domain', 'exactly', null, 'test')
    audit({ action: 'DELETE', targetType: 'DOMAIN', targets: [], payload: { type: 'ExactlyThen' } })
  })
  const [event] = (await admin.audit.list({ query: { type: 'ExactlyThen' } })).items
  const at = Date.parse(event?.eventTimestamp ?? '')
  assert.equal((await db.snapshot(tx => indexAt(tx, at))).sequence, sequence)
  assert.ok((await db.snapshot(tx => indexAt(tx, at - 1))).sequence < (sequence ?? 0))
})

test('a moment is asked for to the minute as well, as the documents write it', async () => {
  const { at } = await server.admin.pastAccess.at({ query: { at: '2026-03-01T00:00Z' } })
  assert.equal(at, '2026-03-01T00:00:00.000Z')
  const refused = { code: 'request-invalid', message: /`query.at` must be a date and time with its offset/ }
  await assert.rejects(server.admin.pastAccess.at({ query: { at: '2026-03-01T00:00' } }), refused)
})

test('a grant is there from the time that it is shown to be active, and gone at that of its end', async () => {
  const { admin, db } = server
  const { id: integration } = await db.kysely.selectFrom('integration').select('id').executeTakeFirstOrThrow()
  const source = await storeDataSource(server, integration, { name: 'timed', scope: 's3://research-data/timed/*' })
  await db.kysely
    .insertInto('ledger')
    .values({
      ...{ integration_id: integration, data_source_id: source, person_id: admin.id, grantee_type: 'IAM' },
      ...{ grantee_id: 'arn:aws:iam::111122223333:user/a', bucket: 'research-data', key: 'timed/', kind: 'prefix' },
      ...{ permission: 'READ', because: '[]', cause: 'test', epoch: 1, state: 'revoked' },
      active_at: sql`'2026-03-01T10:00:00.123456Z'::timestamptz`,
      revoked_at: sql`'2026-03-01T12:00:00.789123Z'::timestamptz`,
    })
    .execute()
  const held = async (at: string) => (await grantsAt(db.kysely, Date.parse(at), { dataSources: [source] })).length
  const moments = ['10:00:00.122', '10:00:00.123', '12:00:00.788', '12:00:00.789']
  assert.deepEqual(await Promise.all(moments.map(time => held(`2026-03-01T${time}Z`))), [0, 1, 1, 0])
})

test('whoever asks about the past without end takes one connection, and is told to come back', async () => {
  const { admin, db } = server
  let [running, most] = [0, 0]
  const past = createPast({
    snapshotAside: async work => {
      most = Math.max(most, ++running)
      return db.snapshotAside(work).finally(() => running--)
    },
  })
  const now = Date.now()
  const questions = Array.from({ length: 30 }, (_, at) =>
    at % 3 === 0 ? past.whole(now - at) : past.of(admin.id as UserId, now - at),
  )
  const answers = await Promise.allSettled(questions)
  const refused = answers.flatMap(one => (one.status === 'rejected' ? [one.reason.code] : []))
  assert.deepEqual([most, refused], [1, Array.from({ length: 10 }, () => 'not-ready')])
  assert.ok((await past.whole(now)).sequence > 0, 'and then it goes on')
})
