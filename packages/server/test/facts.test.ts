import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { deriveEntitlements, type Facts, printExpression } from '@headgate/core'
import { allFacts, type FactBatch } from '../src/db/all-facts.ts'
import { currentMoment } from '../src/db/facts.ts'
import { factsOf, loadFacts as load } from './support/facts.ts'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { type TestServer, testServer } from './support/server.ts'

async function start(t: TestContext): Promise<TestServer> {
  const server = await testServer()
  t.after(server.close)
  return server
}

function store(server: TestServer, integrationId: number, name: string, key: string): Promise<number> {
  return storeDataSource(server, integrationId, { name, scope: `s3://research-data/${key}*` })
}

async function damage(server: TestServer, policy: number, definition: object): Promise<void> {
  await server.db.kysely
    .updateTable('policy')
    .set({ definition: JSON.stringify(definition) })
    .where('id', '=', policy)
    .execute()
}

function dataSourcesOf(facts: Facts, now: number, person: number): number[] {
  return deriveEntitlements(facts, now)
    .filter(({ user }) => user === person)
    .map(({ dataSource }) => dataSource)
}

test('what people wrote through the API arrives as facts', async t => {
  const server = await start(t)
  const { admin } = server
  const integrationId = await storedIntegration(server)
  const id = await store(server, integrationId, 'A', 'a/')
  const ann = await server.as([], 'ann')
  const group = await admin.groups.create({ body: { name: 'Analysts' } })
  await admin.groups.addMember({ params: { id: group.id, userId: ann.id } })
  await admin.groups.addAttribute({ params: { id: group.id, key: 'team', value: 'risk' } })
  await admin.users.addAttribute({ params: { id: ann.id, key: 'country', value: 'FR.Paris' } })
  await admin.tags.create({ body: { name: 'Finance' } })
  await admin.dataSources.addTags({ params: { id }, body: { tags: ['Finance'] } })
  const until = '2099-01-01T00:00:00.000Z'
  const body = { level: 'WRITE' as const, reason: 'x', until }
  const member = await admin.dataSources.setGroupMember({ params: { id, groupId: group.id }, body })
  const when = "@hasAttribute('country', 'FR')"
  const who = { when }
  const appliesTo = { any: [{ tag: 'Finance' }, { scope: 's3://research-data/*' }, { integration: integrationId }] }
  const grant = { name: 'P', kind: 'grant' as const, level: 'READ' as const, state: 'active' as const, appliesTo, who }
  const policy = await admin.policies.create({ body: grant })
  await admin.policies.create({ body: { ...grant, name: 'staged', state: 'staged' } })
  await admin.domains.create({ body: { name: 'by hand' } })
  await admin.domains.create({ body: { name: 'by tag', tags: ['Finance'] } })
  await admin.domains.addDataSource({ params: { name: 'by hand', id } })
  const everyone = { ...grant, who: { everyone: true as const } }
  const manual = { ...everyone, name: 'M', domain: 'by tag', subscribe: 'manual' as const, discoverable: true }
  const offered = await admin.policies.create({ body: manual })
  const { appliesTo: _, ...local } = { ...everyone, name: 'L', dataSource: id }
  const own = await admin.policies.create({ body: local })
  const picked = await admin.policies.create({ body: { ...everyone, name: 'S', appliesTo: { selected: true } } })
  await admin.subscriptions.select({ params: { id, policyId: picked.id } })
  await ann.subscriptions.subscribe({ params: { id }, body: { level: 'READ' } })

  const { facts, sequence, now, unreadable } = await load(server.db)
  assert.deepEqual(unreadable, [])
  const { locationPath, subsumeEqual, region } = facts.integrations[0] ?? {}
  assert.deepEqual([locationPath, subsumeEqual, region], ['s3://research-data/', true, 'us-east-1'])
  assert.deepEqual(
    facts.users.map(user => [user.userid, user.disabled]),
    [
      ['admin', false],
      ['ann', false],
    ],
  )
  assert.deepEqual(facts.groups.find(({ name }) => name === 'Analysts')?.users, [ann.id])
  assert.deepEqual(facts.attributes, [
    { subject: { group: group.id }, key: 'team', value: 'risk' },
    { subject: { user: ann.id }, key: 'country', value: 'FR.Paris' },
  ])
  assert.deepEqual(facts.dataSources, [
    {
      id,
      name: 'A',
      integration: integrationId,
      scope: { bucket: 'research-data', key: 'a/', kind: 'prefix' },
      tags: ['Finance'],
      domains: ['by hand'],
      disabled: false,
    },
  ])
  const end = Date.parse(until)
  assert.deepEqual(facts.members, [
    { id: member.id, dataSource: id, subject: { group: group.id }, level: 'WRITE', until: end },
  ])
  assert.deepEqual(facts.domains, [
    { name: 'by hand', tags: [] },
    { name: 'by tag', tags: ['Finance'] },
  ])
  assert.deepEqual(facts.selections, [{ policy: picked.id, dataSource: id }])
  assert.deepEqual(facts.subscriptions, [{ user: ann.id, dataSource: id, level: 'READ' }])
  const policies = facts.policies.filter(one => !one.protected)
  assert.deepEqual(
    policies.map(one => [one.id, one.reach, one.subscribe, one.discoverable]),
    [
      [policy.id, 'global', 'automatic', false],
      [offered.id, { domain: 'by tag' }, 'manual', true],
      [own.id, { dataSource: id }, 'automatic', false],
      [picked.id, 'global', 'automatic', false],
    ],
  )
  assert.deepEqual(policies.at(-1)?.appliesTo, { selected: true })
  const [read] = policies
  assert.deepEqual([read?.id, read?.version, read?.kind, read?.level], [policy.id, 1, 'grant', 'READ'])
  assert.ok(read && 'when' in read.who && printExpression(read.who.when) === when)
  const scope = { bucket: 'research-data', key: '', kind: 'bucket' }
  assert.deepEqual(read?.appliesTo, { any: [{ tag: 'Finance' }, { scope }, { integration: integrationId }] })

  const last = await server.db.kysely
    .selectFrom('fact_change')
    .select(({ fn }) => fn.max('id').as('id'))
    .executeTakeFirst()
  assert.equal(sequence, last?.id)
  assert.ok(Math.abs(now - Date.now()) < 60_000)
})

test('what was deleted is no fact, what was disabled is marked', async t => {
  const server = await start(t)
  const integrationId = await storedIntegration(server)
  const gone = await store(server, integrationId, 'gone', 'gone/')
  const off = await store(server, integrationId, 'off', 'off/')
  await server.admin.dataSources.remove({ params: { id: gone }, query: { hard: 'true' } })
  await server.admin.dataSources.remove({ params: { id: off } })
  const ann = await server.as([], 'ann')
  const ben = await server.as([], 'ben')
  await server.admin.users.remove({ params: { id: ann.id } })
  await server.admin.users.update({ params: { id: ben.id }, body: { disabled: true } })
  const { facts } = await load(server.db)
  assert.deepEqual(
    facts.dataSources.map(({ name, disabled }) => [name, disabled]),
    [['off', true]],
  )
  assert.deepEqual(
    facts.users.map(({ userid, disabled }) => [userid, disabled]),
    [
      ['admin', false],
      ['ben', true],
    ],
  )
  await server.db.kysely.updateTable('integration').set({ status: 'deleted' }).execute()
  assert.deepEqual((await load(server.db)).facts.integrations, [])
})

test('a stored grant policy that cannot be read lets nobody in and is named', async t => {
  const server = await start(t)
  const integrationId = await storedIntegration(server)
  await store(server, integrationId, 'A', 'a/')
  const who = { everyone: true as const }
  const appliesTo = { everything: true as const }
  const body = { name: 'P', kind: 'grant' as const, level: 'READ' as const, state: 'active' as const, appliesTo, who }
  const { id } = await server.admin.policies.create({ body })
  const before = await load(server.db)
  assert.equal(dataSourcesOf(before.facts, before.now, server.admin.id).length, 1)
  const damaged = [
    { kind: 'grant', level: 'READ', appliesTo, who: { when: '@isInGroups(' } },
    { kind: 'grant', level: 'READ', appliesTo: { any: [{ scope: 's3://*' }] }, who },
    { kind: 'grant', level: 'READ', appliesTo: { any: [] }, who },
    { kind: 'grant', level: 'EVERYTHING', appliesTo, who },
  ]
  for (const definition of damaged) {
    await damage(server, id, definition)
    const { facts, now, unreadable } = await load(server.db)
    assert.deepEqual(deriveEntitlements(facts, now), [], JSON.stringify(definition))
    assert.deepEqual(
      unreadable.map(one => [one.id, one.name, one.kind]),
      [[id, 'P', 'grant']],
    )
  }
})

test('a stored guardrail that cannot be read lets nobody through and is named', async t => {
  const server = await start(t)
  const { admin } = server
  const integrationId = await storedIntegration(server)
  const [bound, free] = [
    await store(server, integrationId, 'bound', 'bound/'),
    await store(server, integrationId, 'free', 'free/'),
  ]
  await admin.tags.create({ body: { name: 'Secret' } })
  await admin.dataSources.addTags({ params: { id: bound }, body: { tags: ['Secret'] } })
  const state = 'active' as const
  const open = { name: 'open', kind: 'grant' as const, level: 'READ' as const, state }
  await admin.policies.create({ body: { ...open, appliesTo: { everything: true }, who: { everyone: true } } })
  const minimum = { name: 'minimum', kind: 'guardrail' as const, level: 'READ' as const, state }
  const appliesTo = { any: [{ tag: 'Secret' }] }
  const who = { when: "@isInGroups('All Users')" }
  const { id } = await admin.policies.create({ body: { ...minimum, appliesTo, who } })
  const reach = async () => {
    const { facts, now, unreadable } = await load(server.db)
    return { reached: dataSourcesOf(facts, now, admin.id), kinds: unreadable.map(({ kind }) => kind) }
  }
  assert.deepEqual(await reach(), { reached: [bound, free], kinds: [] })
  // Where it says what it applies to, it is shut there; otherwise everywhere.
  await damage(server, id, { kind: 'guardrail', level: 'READ', appliesTo, who: { when: '@isInGroups(' } })
  assert.deepEqual(await reach(), { reached: [free], kinds: ['guardrail'] })
  await damage(server, id, { kind: 'guardrail', level: 'READ', appliesTo: { any: [{ scope: '?' }] }, who })
  assert.deepEqual(await reach(), { reached: [], kinds: ['guardrail'] })
  await damage(server, id, { nothing: 'readable' })
  assert.deepEqual(await reach(), { reached: [], kinds: ['guardrail'] })
})

test('the facts and their sequence are of one moment, whoever writes meanwhile', async t => {
  const server = await start(t)
  const integrationId = await storedIntegration(server)
  const seen = await server.db.snapshot(async tx => {
    const look = async () => {
      const batches: FactBatch[] = []
      const moment = await currentMoment(tx)
      for await (const rows of allFacts(tx)) batches.push(rows)
      return { ...moment, facts: factsOf(batches) }
    }
    const before = await look()
    await store(server, integrationId, 'A', 'a/')
    return { before, after: await look() }
  })
  assert.deepEqual(seen.after, seen.before)
  const later = await load(server.db)
  assert.ok(later.sequence > seen.before.sequence)
  assert.equal(later.facts.dataSources.length, 1)
})
