/** A node's index: kept equal to the tables through changes, read at a sequence, verified, healed. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type DataProductId,
  type DataSourceId,
  entitlementIndex,
  type Facts,
  type IntegrationId,
  type Level,
  type MembershipId,
  type PolicyId,
  type UserId,
} from '@headgate/core'
import fc from 'fast-check'
import { pino } from 'pino'
import { act, system } from '../src/db/act.ts'
import { differencesOf } from '../src/live-index/compare.ts'
import { createLiveIndex, type LiveIndex } from '../src/live-index/live-index.ts'
import { noticeEnds } from '../src/market/expiry.ts'
import { addMembership, endMemberships } from '../src/market/memberships.ts'
import { setTaggedSources } from '../src/market/tagged-sources.ts'
import { loadFacts } from './support/facts.ts'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { storeProduct } from './support/products.ts'
import { refuses } from './support/refuses.ts'
import { type TestServer, testServer } from './support/server.ts'

async function start(t: TestContext) {
  const server = await testServer()
  t.after(server.close)
  return { server, integrationId: await storedIntegration(server) }
}

/** A second node on the same database, that listens. */
async function node(t: TestContext, server: TestServer, log = pino({ level: 'silent' })): Promise<LiveIndex> {
  const index = createLiveIndex({ db: server.db, log })
  // Before the server's own end, since ends are run in order.
  t.after(() => index.close())
  return index
}

/** The index as it would be built from the very facts in one go. */
async function differences(server: TestServer, live: LiveIndex): Promise<string[]> {
  const { facts } = await loadFacts(server.db)
  const { index } = await live.fresh()
  // As of its own time: something may have ended in between.
  return differencesOf(index, entitlementIndex(facts, index.now))
}

const open = { kind: 'grant' as const, level: 'READ' as const, state: 'active' as const }

test('whatever people do over HTTP, the index stays what one built anew would be', async t => {
  const { server, integrationId } = await start(t)
  const { admin } = server
  await admin.tags.create({ body: { name: 'Finance' } })
  const sources: number[] = []
  for (const key of ['', 'a/', 'a/b/', 'c/']) {
    const name = `at ${key}`
    sources.push(await storeDataSource(server, integrationId, { name, scope: `s3://research-data/${key}*` }))
  }
  const people = [await server.as([], 'ann'), await server.as([], 'ben'), await server.as([], 'cleo')]
  const groups = [
    await admin.groups.create({ body: { name: 'Analysts' } }),
    await admin.groups.create({ body: { name: 'Finance' } }),
  ]
  const team = "@hasAttribute('team', 'x')"
  const who = { when: "@hasAttribute('team')" }
  await admin.domains.create({ body: { name: 'emea' } })
  const policies = [
    await admin.policies.create({
      body: {
        ...open,
        name: 'by tag',
        appliesTo: { everything: true },
        who: { when: "@hasTagAsGroup('dataSource') OR @hasAttribute('team', 'a')" },
      },
    }),
    await admin.policies.create({
      body: {
        ...open,
        kind: 'guardrail',
        name: 'minimum',
        appliesTo: { any: [{ tag: 'Finance' }] },
        who: { when: "@hasAttribute('team') OR @hasPrincipal('iamUser')" },
      },
    }),
    await admin.policies.create({
      body: { ...open, name: 'manual', domain: 'emea', appliesTo: { everything: true }, who, subscribe: 'manual' },
    }),
    await admin.policies.create({
      body: {
        ...open,
        kind: 'guardrail',
        name: 'picked',
        appliesTo: { selected: true },
        who: { when: `NOT (${team})` },
      },
    }),
  ]
  const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T
  const steps: ((n: number, m: number) => Promise<unknown>)[] = [
    (n, m) =>
      admin.users.addAttribute({ params: { id: pick(people, n).id, key: 'team', value: pick(['a', 'b/c'], m) } }),
    (n, m) =>
      admin.users.removeAttribute({ params: { id: pick(people, n).id, key: 'team', value: pick(['a', 'b/c'], m) } }),
    (n, m) =>
      admin.groups.addAttribute({ params: { id: pick(groups, n).id, key: 'team', value: pick(['a', 'x'], m) } }),
    (n, m) =>
      admin.groups.removeAttribute({ params: { id: pick(groups, n).id, key: 'team', value: pick(['a', 'x'], m) } }),
    (n, m) => admin.groups.addMember({ params: { id: pick(groups, n).id, userId: pick(people, m).id } }),
    (n, m) => admin.groups.removeMember({ params: { id: pick(groups, n).id, userId: pick(people, m).id } }),
    (n, m) =>
      admin.dataSources.addTags({ params: { id: pick(sources, n) }, body: { tags: pick([['Finance'], []], m) } }),
    n => admin.dataSources.removeTags({ params: { id: pick(sources, n) }, body: { tags: ['Finance'] } }),
    n => admin.dataSources.remove({ params: { id: pick(sources, n) } }),
    n => admin.dataSources.restore({ params: { id: pick(sources, n) } }),
    (n, m) =>
      admin.dataSources.setMember({
        params: { id: pick(sources, n), userId: pick(people, m).id },
        body: { level: pick(['READ', 'WRITE'], n + m), reason: 'x' },
      }),
    (n, m) => admin.dataSources.removeMember({ params: { id: pick(sources, n), userId: pick(people, m).id } }),
    (n, m) =>
      admin.dataSources.setGroupMember({
        params: { id: pick(sources, n), groupId: pick(groups, m).id },
        body: { level: 'READ', reason: 'x' },
      }),
    (n, m) => admin.users.update({ params: { id: pick(people, n).id }, body: { disabled: m % 2 === 0 } }),
    async (n, m) => {
      const { id } = pick(policies, n)
      const { version, state } = await admin.policies.get({ params: { id } })
      const call = m % 2 === 0 && state === 'active' ? admin.policies.stage : admin.policies.activate
      return call({ params: { id }, ifMatch: String(version) })
    },
    (n, m) =>
      admin.users.setPrincipals({
        params: { id: pick(people, n).id },
        body: pick([[], [{ kind: 'iamRole' as const, identifier: `arn:aws:iam::111122223333:role/r${n}` }]], m),
      }),
  ]
  steps.push(
    (n, m) => admin.domains.edit({ params: { name: 'emea' }, body: { tags: pick([['Finance'], []], n + m) } }),
    n => admin.domains.addDataSource({ params: { name: 'emea', id: pick(sources, n) } }),
    n => admin.domains.removeDataSource({ params: { name: 'emea', id: pick(sources, n) } }),
    n => admin.subscriptions.select({ params: { id: pick(sources, n), policyId: policies[3]?.id ?? 0 } }),
    n => admin.subscriptions.deselect({ params: { id: pick(sources, n), policyId: policies[3]?.id ?? 0 } }),
    (n, m) => pick(people, m).subscriptions.subscribe({ params: { id: pick(sources, n) }, body: { level: 'READ' } }),
    (n, m) => pick(people, m).subscriptions.unsubscribe({ params: { id: pick(sources, n) } }),
  )
  const products = ['product0', 'product1']
  for (const id of products) await storeProduct(server.db, { id })
  const levels = [['READ'], ['WRITE'], ['READ', 'WRITE']] satisfies Level[][]
  const asHeadgate = (work: Parameters<typeof act<unknown>>[2]) => act(server.db, system, work)
  steps.push(
    (n, m) =>
      asHeadgate(doing => {
        const tagged = { dataSources: sources.filter((_, at) => (m >> at) % 2 === 1), levels: pick(levels, n + m) }
        return setTaggedSources(doing, pick(products, n), m === 0 ? undefined : tagged, 'product-changed')
      }),
    (n, m) =>
      asHeadgate(doing => {
        const until = m % 3 === 0 ? {} : { until: doing.now + (m % 3 === 1 ? 30 : 3_600_000) }
        const given = { product: pick(products, n), person: pick(people, m).id, level: pick(levels, n)[0] ?? 'READ' }
        return addMembership(doing, { ...given, ...until })
      }),
    (n, m) =>
      asHeadgate(doing =>
        endMemberships(doing, { product: pick(products, n), person: pick(people, m).id }, 'membership-revoked'),
      ),
    () => noticeEnds(server),
  )
  const live = await node(t, server)
  const step = fc.tuple(fc.nat(steps.length - 1), fc.nat(11), fc.nat(11))
  const law = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async chosen => {
    for (const [which, n, m] of chosen) await pick(steps, which)(n, m).catch(isRefusal)
    assert.deepEqual(await differences(server, live), [])
  })
  await fc.assert(law, { numRuns: 40 })
})

/** What the API refuses changes nothing, and is no failure of this test. */
function isRefusal(error: unknown): void {
  if (!(error instanceof Error && 'status' in error && Number(error.status) < 500)) throw error
}

test('what left and what was deleted leaves the index', async t => {
  const { server, integrationId } = await start(t)
  const { admin } = server
  const id = await storeDataSource(server, integrationId, { name: 'A', scope: 's3://research-data/a/*' })
  const ann = await server.as([], 'ann')
  const group = await admin.groups.create({ body: { name: 'Analysts' } })
  await admin.groups.addMember({ params: { id: group.id, userId: ann.id } })
  await admin.groups.addAttribute({ params: { id: group.id, key: 'a', value: 'b' } })
  await admin.users.addAttribute({ params: { id: ann.id, key: 'a', value: 'c' } })
  const body = { level: 'READ' as const, reason: 'x' }
  await admin.dataSources.setMember({ params: { id, userId: ann.id }, body })
  await admin.dataSources.setGroupMember({ params: { id, groupId: group.id }, body })
  const live = await node(t, server)
  assert.deepEqual(await differences(server, live), [])
  await admin.groups.remove({ params: { id: group.id } })
  await admin.users.remove({ params: { id: ann.id } })
  await admin.dataSources.remove({ params: { id }, query: { hard: 'true' } })
  assert.deepEqual(await differences(server, live), [])
  const { index } = await live.fresh()
  assert.equal(index.facts.findPerson(ann.id as UserId)?.user, undefined)
  assert.equal(index.bindings.sources.size, 0)
  assert.equal(index.members.count, 0)
})

test('a change that says what nobody understands makes the index look at everything', async t => {
  const { server } = await start(t)
  const live = await node(t, server)
  await live.fresh()
  await act(server.db, system, async ({ tx, changed }) => {
    await tx.insertInto('person').values({ userid: 'zoe', name: 'Zoe', kind: 'person' }).execute()
    changed('user', 'some', {}, 'some-came')
  })
  const { index } = await live.fresh()
  assert.equal(index.facts.personsNamed('zoe').length, 1)
})

test('a flood of changes is read from the tables at once', async t => {
  const { server } = await start(t)
  const live = await node(t, server)
  const before = (await live.fresh()).index
  await act(server.db, system, async ({ tx, changed }) => {
    const rows = Array.from({ length: 10_001 }, (_, n) => ({ userid: `u${n}`, name: 'N', kind: 'person' as const }))
    for (let at = 0; at < rows.length; at += 5000) {
      const made = await tx
        .insertInto('person')
        .values(rows.slice(at, at + 5000))
        .returning('id')
        .execute()
      for (const { id } of made) changed('user', id, { id }, 'user-created')
    }
  })
  const { index } = await live.fresh()
  assert.notEqual(index, before)
  assert.equal(index.facts.enabled.size, 10_002)
})

test('a node that listens follows by itself', async t => {
  const { server } = await start(t)
  const live = await node(t, server)
  await live.start()
  await server.as([], 'ann')
  for (let tries = 0; live.current()?.index.facts.personsNamed('ann').length !== 1; tries += 1) {
    assert.ok(tries < 500, 'never followed')
    await sleep(10)
  }
})

test('a stored policy that cannot be read shuts, in the index as anywhere, and opens again', async t => {
  const { server, integrationId } = await start(t)
  const { admin } = server
  const id = await storeDataSource(server, integrationId, { name: 'A', scope: 's3://research-data/a/*' })
  const body = { ...open, name: 'P', appliesTo: { everything: true as const }, who: { when: "@isUser('admin')" } }
  const policy = await admin.policies.create({ body })
  assert.equal((await admin.dataSources.get({ params: { id } })).audience, 1)
  await act(server.db, system, async ({ tx, changed }) => {
    const definition = JSON.stringify({ ...body, who: { when: '@isInGroups(' } })
    await tx.updateTable('policy').set({ definition }).where('id', '=', policy.id).execute()
    changed('policy', policy.id, {}, 'damaged')
  })
  assert.equal((await admin.dataSources.get({ params: { id } })).audience, 0)
  const { index } = await server.world.index.fresh()
  assert.equal(index.bindings.policies.has(policy.id as PolicyId), false)
})

test('a read that carries Headgate-Sequence sees that change, or is told to come back', async t => {
  const { server } = await start(t)
  const { admin } = server
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ userid: 'ann', name: 'Ann' })
  const written = await admin.send('/users', { method: 'POST', headers, body })
  const sequence = written.headers.get('headgate-sequence') ?? ''
  assert.match(sequence, /^\d+$/)
  const read = await admin.send('/users', { headers: { 'headgate-sequence': sequence } })
  assert.equal(read.status, 200)
  assert.ok((server.world.index.current()?.sequence ?? 0) >= Number(sequence))
  const early = await admin.send('/users', { headers: { 'headgate-sequence': '999999' } })
  assert.equal(early.status, 503)
  assert.equal(((await early.json()) as { code: string }).code, 'not-ready')
  const wrong = await admin.send('/users', { headers: { 'headgate-sequence': 'soon' } })
  assert.equal(wrong.status, 422)
})

test('two indexes that differ in a domain, a pick, a subscription, a product or an end are told apart, where nobody gains by it too', async () => {
  const [user, dataSource, policy] = [1 as UserId, 2 as DataSourceId, 3 as PolicyId]
  const facts: Facts = {
    integrations: [],
    users: [{ id: user, userid: 'ann', disabled: false }],
    groups: [],
    attributes: [],
    principals: [],
    domains: [{ name: 'emea', tags: ['Emea'] }],
    dataSources: [
      {
        id: dataSource,
        name: 'sales',
        integration: 1 as IntegrationId,
        scope: { bucket: 'lake', key: '', kind: 'bucket' },
        tags: [],
        domains: [],
        disabled: false,
      },
    ],
    policies: [],
    selections: [{ policy, dataSource }],
    subscriptions: [{ user, dataSource, level: 'READ' }],
    members: [],
    dataProducts: [],
    memberships: [],
  }
  const differing = (other: Partial<Facts>) =>
    differencesOf(entitlementIndex(facts, 0), entitlementIndex({ ...facts, ...other }, 0))
  assert.deepEqual(await differing({}), [])
  assert.deepEqual(await differing({ domains: [] }), ['domain emea'])
  assert.deepEqual(await differing({ selections: [] }), ['data source 2'])
  const found = await differing({ subscriptions: [{ user, dataSource, level: 'WRITE' }] })
  assert.deepEqual(found, ['subscriptions to data source 2'])
  const product = 'product0' as DataProductId
  assert.deepEqual(await differing({ dataProducts: [{ id: product, dataSources: [], levels: ['READ'] }] }), [
    'data product product0',
  ])
  const membership = { id: 1 as MembershipId, user, product, level: 'READ' as const, until: 7 }
  const [approved, longer] = [membership, { ...membership, until: 8 }].map(one =>
    entitlementIndex({ ...facts, memberships: [one] }, 0),
  )
  assert.deepEqual(await differencesOf(approved!, longer!), ['user 1'])
})

test('a verification finds what no change told of, raises the alarm, and heals', async t => {
  const lines: { readonly alarm?: string }[] = []
  const log = pino({ level: 'error' }, { write: line => void lines.push(JSON.parse(line)) })
  const server = await testServer({ log })
  t.after(server.close)
  const ann = await server.as([], 'ann')
  const right = await server.admin.deployment.verifyIndex()
  assert.deepEqual([right.isRight, right.differences, right.mismatches], [true, [], 0])
  await server.db.kysely.insertInto('person_attribute').values({ person_id: ann.id, key: 'k', value: 'v' }).execute()
  const wrong = await server.admin.deployment.verifyIndex()
  assert.deepEqual([wrong.isRight, wrong.differences, wrong.count], [false, [`user ${ann.id}`], 1])
  assert.equal(lines.filter(({ alarm }) => alarm === 'index-mismatch').length, 1)
  const healed = await server.admin.deployment.verifyIndex()
  assert.deepEqual([healed.isRight, healed.verifications, healed.mismatches], [true, 3, 1])
  await refuses((await server.as(['GOVERNANCE'])).deployment.verifyIndex(), 'permission-missing', 403)
})
