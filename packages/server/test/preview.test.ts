/** Previews over HTTP: what they say is what then happens, and asking changes nothing. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { act, system } from '../src/db/act.ts'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

type HypotheticalChange = Parameters<TestPerson['previews']['make']>[0]['body']['changes'][number]

async function start(t: TestContext) {
  const server = await testServer()
  t.after(server.close)
  const { admin } = server
  const integrationId = await storedIntegration(server)
  const ids: number[] = []
  for (const key of ['a', 'b', 'c']) {
    ids.push(await storeDataSource(server, integrationId, { name: key, scope: `s3://research-data/${key}/*` }))
  }
  const people = [await server.as([], 'ann'), await server.as([], 'ben')]
  const [ann] = people as [TestPerson, TestPerson]
  await admin.users.addAttribute({ params: { id: ann.id, key: 'team', value: 'risk' } })
  return { server, admin, ids: ids as [number, number, number], ann, people, integrationId }
}

const risk = {
  name: 'risk',
  kind: 'grant' as const,
  level: 'READ' as const,
  appliesTo: { everything: true as const },
  who: { when: "@hasAttribute('team', 'risk')" },
}

/** Every access, as `user source level`. */
async function accesses(admin: TestPerson, ids: readonly number[]): Promise<string[]> {
  const found: string[] = []
  for (const id of ids) {
    const { items } = await admin.dataSources.access({ params: { id } })
    for (const row of items) found.push(`${row.user.userid} ${row.dataSource.name} ${row.level}`)
  }
  return found.sort()
}

async function all(admin: TestPerson, changes: HypotheticalChange[]) {
  return admin.previews.make({ body: { changes }, query: { limit: 1000 } })
}

async function mapped(server: TestServer, person: TestPerson): Promise<void> {
  await act(server.db, system, async ({ tx, changed }) => {
    const identifier = `arn:aws:iam::111122223333:user/${person.userid}`
    const values = { person_id: person.id, kind: 'iamUser' as const, identifier }
    const { id } = await tx.insertInto('principal').values(values).returning('id').executeTakeFirstOrThrow()
    changed('principal', id, { user: person.id }, 'principal-added')
  })
}

test('a new policy: who gains what, the grants it makes, the quota, the unmapped', async t => {
  const { server, admin, ids, ann, people, integrationId } = await start(t)
  await admin.users.addAttribute({ params: { id: people[1]?.id ?? 0, key: 'team', value: 'risk' } })
  await mapped(server, ann)
  const before = await accesses(admin, ids)
  const changes = [{ change: 'createPolicy' as const, policy: { ...risk, description: '' } }]
  const found = await all(admin, changes)
  assert.deepEqual(found.movements, { gained: 6, lost: 0, raised: 0, lowered: 0 })
  assert.deepEqual(
    [found.people, found.dataSources],
    [
      { gaining: 2, losing: 0, raised: 0, lowered: 0 },
      { gaining: 3, losing: 0 },
    ],
  )
  assert.deepEqual(found.entitlements, { before: 0, after: 6 })
  assert.deepEqual(found.integrations, [
    {
      integrationId: String(integrationId),
      name: 'integration of 111122223333',
      grants: { create: 3, revoke: 0 },
      unmapped: 3,
      quota: { usedAfter: 3, of: 100_000 },
    },
  ])
  assert.equal(found.total, 6)
  const rows = found.items.map(row => `${row.user.userid} ${row.dataSource.name} ${row.after}`)
  assert.deepEqual(await accesses(admin, ids), before, 'nothing was stored')
  assert.equal((await admin.deployment.verifyIndex()).isRight, true)

  await admin.policies.create({ body: { ...risk, state: 'active' } })
  assert.deepEqual(await accesses(admin, ids), rows.sort())
})

test('several changes are seen one on top of the other, to the pair', async t => {
  const { admin, ids, ann, people } = await start(t)
  const [, ben] = people as [TestPerson, TestPerson]
  const stored = await admin.policies.create({ body: { ...risk, state: 'active' } })
  for (const name of ['Finance', 'Other']) await admin.tags.create({ body: { name } })
  const [a, b] = ids
  const finance = {
    ...risk,
    name: 'finance',
    description: '',
    appliesTo: { any: [{ tag: 'Finance' }] },
    level: 'WRITE' as const,
  }
  const group = await admin.groups.create({ body: { name: 'Analysts' } })
  await admin.groups.addMember({ params: { id: group.id, userId: ben.id } })
  const changes: HypotheticalChange[] = [
    { change: 'stagePolicy', id: stored.id },
    { change: 'addTags', dataSource: a, tags: ['Finance', 'Other'] },
    { change: 'removeTags', dataSource: a, tags: ['Other'] },
    { change: 'createPolicy', policy: finance },
    { change: 'setMember', dataSource: b, group: group.id, level: 'READ' },
    { change: 'setMember', dataSource: b, user: ann.id, level: 'WRITE' },
    { change: 'removeMember', dataSource: b, user: ann.id },
    { change: 'giveAttribute', user: ben.id, key: 'team', value: 'risk' },
    { change: 'takeAttribute', user: ann.id, key: 'team', value: 'risk' },
  ]
  const found = await all(admin, changes)
  assert.deepEqual(
    found.items.map(row => `${row.user.userid} ${row.dataSource.name} ${row.before} ${row.after}`),
    [
      'ann a READ undefined',
      'ben a undefined WRITE',
      'ann b READ undefined',
      'ben b undefined READ',
      'ann c READ undefined',
    ],
  )
  assert.equal((await admin.deployment.verifyIndex()).isRight, true)
  assert.deepEqual(await accesses(admin, ids), ['ann a READ', 'ann b READ', 'ann c READ'])
})

test('rows come page by page, all of them, and the same changes have the same digest', async t => {
  const { admin, people, ids } = await start(t)
  const changes: HypotheticalChange[] = ids.flatMap(dataSource =>
    people.map(({ id: user }) => ({ change: 'setMember' as const, dataSource, user, level: 'READ' as const })),
  )
  const rows: string[] = []
  const digests = new Set<string>()
  for (let cursor: string | undefined; ; ) {
    const query = { limit: 2, ...(cursor ? { cursor } : {}) }
    const page = await admin.previews.make({ body: { changes }, query })
    rows.push(...page.items.map(({ user, dataSource }) => `${dataSource.name} ${user.userid}`))
    digests.add(page.digest)
    if (page.next === undefined) break
    cursor = page.next
  }
  assert.deepEqual(rows, ['a ann', 'a ben', 'b ann', 'b ben', 'c ann', 'c ben'])
  assert.equal(digests.size, 1)
  assert.notEqual((await all(admin, changes.slice(1))).digest, [...digests][0])
})

test('editing, activating and deleting are previewed from what is stored', async t => {
  const { admin, ids } = await start(t)
  const staged = await admin.policies.create({ body: risk })
  const counts = async (...changes: HypotheticalChange[]) => {
    const { gained, lost } = (await all(admin, changes)).movements
    return [gained, lost]
  }
  const { id } = staged
  const narrower = { ...risk, description: '', appliesTo: { any: [{ scope: 's3://research-data/a/*' }] } }
  assert.deepEqual(
    await counts({ change: 'editPolicy', id, policy: narrower }),
    [0, 0],
    'a staged one applies to nothing',
  )
  assert.deepEqual(await counts({ change: 'activatePolicy', id }), [3, 0])
  assert.deepEqual(
    await counts({ change: 'editPolicy', id, policy: narrower }, { change: 'activatePolicy', id }),
    [1, 0],
  )
  await admin.policies.activate({ params: { id }, ifMatch: '1' })
  assert.deepEqual(await counts({ change: 'editPolicy', id, policy: narrower }), [0, 2])
  assert.deepEqual(await counts({ change: 'deletePolicy', id }), [0, 3])
  assert.equal((await accesses(admin, ids)).length, 3)
})

test('what is not there or cannot be is refused by its name', async t => {
  const { server, admin, ids, ann } = await start(t)
  const [a] = ids
  const make = (change: HypotheticalChange) => all(admin, [change])
  await refuses(make({ change: 'deletePolicy', id: 4711 }), 'policy-not-found', 404)
  await refuses(make({ change: 'addTags', dataSource: 4711, tags: ['A'] }), 'data-source-not-found', 404)
  await refuses(make({ change: 'setMember', dataSource: a, user: 4711, level: 'READ' }), 'user-not-found', 404)
  await refuses(make({ change: 'giveAttribute', group: 4711, key: 'k', value: 'v' }), 'group-not-found', 404)
  const broken = { ...risk, description: '', who: { when: '@hasAttribute(' } }
  await refuses(make({ change: 'createPolicy', policy: broken }), 'policy-invalid', 422)
  const both = { change: 'removeMember', dataSource: a, user: ann.id, group: 1 } as const
  await refuses(make(both), 'request-invalid', 422)
  const { id } = await admin.policies.create({ body: risk })
  await refuses(all(await server.as(['AUDIT']), [{ change: 'deletePolicy', id }]), 'permission-missing', 403)
  assert.equal((await admin.deployment.verifyIndex()).isRight, true)
})
