/** Domains over HTTP: what is in them, who may do what in them, and what their policies reach. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { PolicyInput } from '@headgate/core/api'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { refuses } from './support/refuses.ts'
import { type TestServer, testServer } from './support/server.ts'

const open = {
  kind: 'grant',
  level: 'READ',
  appliesTo: { everything: true },
  who: { everyone: true },
  state: 'active',
} as const satisfies Omit<PolicyInput, 'name'>

async function start(t: TestContext) {
  const server = await testServer()
  t.after(server.close)
  const { admin } = server
  const integrationId = await storedIntegration(server)
  const at = (name: string, tags: string[] = []) =>
    storeDataSource(server, integrationId, { name, scope: `s3://research-data/${name}/*`, tags })
  await admin.tags.create({ body: { name: 'Finance.Payroll' } })
  const ids = { plain: await at('plain'), byTag: await at('by-tag', ['Finance.Payroll']), other: await at('other') }
  await admin.domains.create({ body: { name: 'emea', description: 'Europe', tags: ['Finance'] } })
  return { server, admin, integrationId, ...ids }
}

async function audience(server: TestServer, id: number): Promise<number> {
  const { isRight, differences } = await server.admin.deployment.verifyIndex()
  assert.ok(isRight, String(differences))
  return (await server.admin.dataSources.get({ params: { id } })).audience
}

test('a domain holds what was put into it and what carries one of its tags or a child of one', async t => {
  const { admin, plain, other } = await start(t)
  const params = { name: 'emea' }
  assert.equal((await admin.domains.get({ params })).dataSources, 1)
  await admin.domains.addDataSource({ params: { ...params, id: plain } })
  await admin.domains.addDataSource({ params: { ...params, id: plain } })
  const shown = await admin.domains.get({ params })
  assert.deepEqual(
    [shown.name, shown.description, shown.tags, shown.dataSources, shown.dataSourcesByHand, shown.policies],
    ['emea', 'Europe', ['Finance'], 2, 1, 0],
  )
  const byHand = await admin.dataSources.list({ query: { domain: 'emea', byHand: 'true' } })
  assert.deepEqual(
    byHand.items.map(({ name }) => name),
    ['plain'],
  )
  const { items, total } = await admin.domains.list({ query: { search: 'EURO' } })
  assert.deepEqual([items.map(({ name, dataSources }) => [name, dataSources]), total], [[['emea', 2]], 1])
  await admin.domains.removeDataSource({ params: { ...params, id: plain } })
  await admin.domains.removeDataSource({ params: { ...params, id: other } })
  const edited = await admin.domains.edit({ params, body: { tags: [], description: 'nothing' } })
  assert.deepEqual([edited.dataSources, edited.tags, edited.description], [0, [], 'nothing'])
  await admin.domains.remove({ params })
  await refuses(admin.domains.get({ params }), 'domain-not-found', 404)
})

test('what is wrong with a domain is refused by name and nothing is stored', async t => {
  const { admin, plain } = await start(t)
  const params = { name: 'emea' }
  const none = { name: 'nowhere' }
  await refuses(admin.domains.create({ body: { name: 'emea' } }), 'domain-exists', 409)
  await refuses(admin.domains.create({ body: { name: 'x', tags: ['Nothing'] } }), 'tag-not-found', 404)
  await refuses(admin.domains.edit({ params, body: { tags: ['Nothing'] } }), 'tag-not-found', 404)
  await refuses(admin.domains.edit({ params: none, body: {} }), 'domain-not-found', 404)
  await refuses(admin.domains.remove({ params: none }), 'domain-not-found', 404)
  await refuses(admin.domains.addDataSource({ params: { ...none, id: plain } }), 'domain-not-found', 404)
  await refuses(admin.domains.addDataSource({ params: { ...params, id: 999 } }), 'data-source-not-found', 404)
  await refuses(admin.domains.removeDataSource({ params: { ...params, id: 999 } }), 'data-source-not-found', 404)
  const renamed = JSON.stringify({ name: 'other' })
  const headers = { 'content-type': 'application/json' }
  const answer = await admin.send('/domains/emea', { method: 'PATCH', headers, body: renamed })
  assert.equal(answer.status, 422)
  assert.equal((await admin.domains.list()).total, 1)
  await refuses(admin.tags.remove({ params: { name: 'Finance' } }), 'tag-in-use', 409)
})

test('a domain in use stays, and the answer says what uses it', async t => {
  const { admin, plain } = await start(t)
  const params = { name: 'emea' }
  const { id } = await admin.policies.create({ body: { ...open, name: 'of emea', domain: 'emea' } })
  const any = [{ domain: 'emea' }]
  await admin.policies.create({ body: { ...open, name: 'on emea', appliesTo: { any }, state: 'staged' } })
  await admin.domains.addDataSource({ params: { ...params, id: plain } })
  assert.equal((await admin.domains.get({ params })).policies, 2)
  const answer = await admin.send('/domains/emea', { method: 'DELETE' })
  const body = (await answer.json()) as { code: string; policies: { name: string }[]; dataSources: number }
  assert.deepEqual([answer.status, body.code, body.dataSources], [409, 'domain-in-use', 1])
  assert.deepEqual(
    body.policies.map(({ name }) => name),
    ['of emea', 'on emea'],
  )
  await admin.domains.removeDataSource({ params: { ...params, id: plain } })
  await admin.policies.archive({ params: { id }, ifMatch: '1' })
  await refuses(admin.domains.remove({ params }), 'domain-in-use', 409)
})

test('a policy of a domain reaches what is in it and nothing else, as that changes', async t => {
  const { server, admin, plain, byTag, other } = await start(t)
  await admin.policies.create({ body: { ...open, name: 'of emea', domain: 'emea' } })
  const all = async () => [await audience(server, plain), await audience(server, byTag), await audience(server, other)]
  assert.deepEqual(await all(), [0, 1, 0])
  await admin.domains.addDataSource({ params: { name: 'emea', id: plain } })
  assert.deepEqual(await all(), [1, 1, 0])
  await admin.domains.edit({ params: { name: 'emea' }, body: { tags: [] } })
  assert.deepEqual(await all(), [1, 0, 0])
  await admin.domains.removeDataSource({ params: { name: 'emea', id: plain } })
  assert.deepEqual(await all(), [0, 0, 0])
  await admin.policies.create({ body: { ...open, name: 'on emea', appliesTo: { any: [{ domain: 'emea' }] } } })
  await admin.domains.edit({ params: { name: 'emea' }, body: { tags: ['Finance.Payroll'] } })
  assert.deepEqual(await all(), [0, 1, 0])
  await admin.dataSources.remove({ params: { id: plain }, query: { hard: 'true' } })
  await admin.dataSources.removeTags({ params: { id: byTag }, body: { tags: ['Finance.Payroll'] } })
  assert.deepEqual([await audience(server, byTag), await audience(server, other)], [0, 0])
})

test('only governors change domains; who has no right in one does not see it', async t => {
  const { server, admin, plain } = await start(t)
  const ann = await server.as(['USER_ADMIN', 'APPLICATION_ADMIN', 'CREATE_S3_DATASOURCE', 'AUDIT'], 'ann')
  const params = { name: 'emea' }
  const group = await admin.groups.create({ body: { name: 'G' } })
  const rights = { rights: ['MANAGE_POLICIES' as const] }
  for (const call of [
    () => ann.domains.create({ body: { name: 'x' } }),
    () => ann.domains.edit({ params, body: {} }),
    () => ann.domains.remove({ params }),
    () => ann.domains.addDataSource({ params: { ...params, id: plain } }),
    () => ann.domains.removeDataSource({ params: { ...params, id: plain } }),
    () => ann.domains.setUserRights({ params: { ...params, userId: admin.id }, body: rights }),
    () => ann.domains.removeUserRights({ params: { ...params, userId: admin.id } }),
    () => ann.domains.setGroupRights({ params: { ...params, groupId: group.id }, body: rights }),
    () => ann.domains.removeGroupRights({ params: { ...params, groupId: group.id } }),
  ]) {
    await refuses(call(), 'permission-missing', 403)
  }
  // AUDIT sees all.
  assert.equal((await ann.domains.list()).total, 1)
  const ben = await server.as([], 'ben')
  assert.equal((await ben.domains.list()).total, 0)
  await refuses(ben.domains.get({ params }), 'domain-not-found', 404)
})

test('rights go to users and groups, are shown, and are taken away', async t => {
  const { server, admin } = await start(t)
  const [ann, ben] = [await server.as([], 'ann'), await server.as([], 'ben')]
  const group = await admin.groups.create({ body: { name: 'Stewards' } })
  await admin.groups.addMember({ params: { id: group.id, userId: ben.id } })
  const params = { name: 'emea' }
  const both = ['AUDIT_ACTIVITY', 'MANAGE_POLICIES'] as const
  const ofAnn = { ...params, userId: ann.id }
  const ofGroup = { ...params, groupId: group.id }
  await admin.domains.setUserRights({ params: ofAnn, body: { rights: [...both] } })
  const shown = await admin.domains.setGroupRights({ params: ofGroup, body: { rights: ['MANAGE_DATA_PRODUCTS'] } })
  assert.deepEqual(shown.rights, [
    { subject: { user: { id: ann.id, userid: 'ann' } }, rights: [...both] },
    { subject: { group: { id: group.id, name: 'Stewards' } }, rights: ['MANAGE_DATA_PRODUCTS'] },
  ])
  assert.deepEqual(shown.mine, [])
  assert.deepEqual((await ann.domains.get({ params })).mine, [...both])
  assert.deepEqual((await ben.domains.list()).items[0]?.mine, ['MANAGE_DATA_PRODUCTS'])
  await admin.domains.setUserRights({ params: ofAnn, body: { rights: ['AUDIT_ACTIVITY'] } })
  assert.deepEqual((await ann.domains.get({ params })).mine, ['AUDIT_ACTIVITY'])
  await admin.domains.removeUserRights({ params: ofAnn })
  await refuses(ann.domains.get({ params }), 'domain-not-found', 404)
  await admin.domains.removeGroupRights({ params: ofGroup })
  await refuses(ben.domains.get({ params }), 'domain-not-found', 404)

  await refuses(
    admin.domains.setUserRights({ params: { ...params, userId: 999 }, body: { rights: [...both] } }),
    'user-not-found',
  )
  await refuses(
    admin.domains.setGroupRights({ params: { ...params, groupId: 999 }, body: { rights: [...both] } }),
    'group-not-found',
  )
  await refuses(
    admin.domains.setUserRights({ params: { name: 'x', userId: ann.id }, body: { rights: [...both] } }),
    'domain-not-found',
  )
  await refuses(admin.domains.removeGroupRights({ params: { name: 'x', groupId: group.id } }), 'domain-not-found')
  // Rights go with whoever held them.
  await admin.domains.setUserRights({ params: ofAnn, body: { rights: [...both] } })
  await admin.domains.setGroupRights({ params: ofGroup, body: { rights: [...both] } })
  await admin.users.remove({ params: { id: ann.id } })
  await admin.groups.remove({ params: { id: group.id } })
  assert.deepEqual((await admin.domains.get({ params })).rights, [])
})

test('nobody gives themselves a right, or takes it, by themselves or through a group of theirs', async t => {
  const { server, admin } = await start(t)
  const gov = await server.as(['GOVERNANCE'], 'gov')
  const group = await admin.groups.create({ body: { name: 'Governors' } })
  await admin.groups.addMember({ params: { id: group.id, userId: gov.id } })
  const body = { rights: ['MANAGE_POLICIES' as const] }
  const [user, ofGroup] = [
    { name: 'emea', userId: gov.id },
    { name: 'emea', groupId: group.id },
  ]
  await refuses(gov.domains.setUserRights({ params: user, body }), 'self-change', 403)
  await refuses(gov.domains.removeUserRights({ params: user }), 'self-change', 403)
  await refuses(gov.domains.setGroupRights({ params: ofGroup, body }), 'self-change', 403)
  await refuses(gov.domains.removeGroupRights({ params: ofGroup }), 'self-change', 403)
})

test('who manages the policies of a domain writes those, and reads what is in it', async t => {
  const { server, admin, plain, byTag } = await start(t)
  const ann = await server.as([], 'ann')
  await admin.domains.create({ body: { name: 'apac' } })
  await admin.domains.setUserRights({
    params: { name: 'emea', userId: ann.id },
    body: { rights: ['MANAGE_POLICIES'] },
  })
  const body = { ...open, name: 'of emea', domain: 'emea', state: 'staged' as const }
  const made = await ann.policies.create({ body })
  assert.deepEqual([made.domain, made.dataSource, made.createdBy], ['emea', undefined, 'ann'])
  const params = { id: made.id }
  const { domain: _, state: __, ...content } = body
  await ann.policies.edit({ params, ifMatch: '1', body: { ...content, description: 'mine' } })
  await ann.policies.activate({ params, ifMatch: '2', body: {} })
  assert.deepEqual(
    (await ann.policies.list()).items.map(({ name }) => name),
    ['of emea'],
  )
  assert.equal((await ann.policies.versions({ params })).items[0]?.domain, 'emea')
  assert.equal((await ann.policies.clone({ params, body: { name: 'copy' } })).domain, 'emea')
  await ann.policies.restore({ params, ifMatch: '3', body: { version: 1 } })
  await ann.policies.archive({ params, ifMatch: '4' })
  await ann.policies.stage({ params, ifMatch: '5' })
  assert.equal((await ann.policies.check({ body: { who: { everyone: true }, domain: 'emea' } })).valid, true)

  // Elsewhere she writes nothing, and sees nothing.
  for (const reach of [{}, { domain: 'apac' }, { domain: 'nowhere' }, { dataSource: plain }]) {
    const elsewhere = { ...content, ...reach, name: 'x', ...('dataSource' in reach ? { appliesTo: undefined } : {}) }
    await refuses(ann.policies.create({ body: elsewhere as typeof body }), 'permission-missing', 403)
  }
  const far = await admin.policies.create({ body: { ...body, name: 'of apac', domain: 'apac' } })
  await refuses(ann.policies.get({ params: { id: far.id } }), 'policy-not-found', 404)
  await refuses(ann.policies.edit({ params: { id: far.id }, ifMatch: '1', body: content }), 'policy-not-found', 404)
  await refuses(ann.policies.remove({ params: { id: far.id }, ifMatch: '1' }), 'policy-not-found', 404)
  // A global policy that binds a data source of hers is read and not written.
  const global = await admin.policies.create({
    body: { ...open, name: 'global', appliesTo: { any: [{ tag: 'Finance' }] } },
  })
  assert.equal((await ann.policies.get({ params: { id: global.id } })).name, 'global')
  await refuses(ann.policies.archive({ params: { id: global.id }, ifMatch: '1' }), 'permission-missing', 403)

  const { items } = await ann.dataSources.access({ params: { id: byTag } })
  assert.deepEqual(items.map(({ user }) => user.userid).sort(), ['admin', 'ann'])
  assert.equal((await ann.access.explain({ query: { user: admin.id, dataSource: byTag } })).dataSources.length, 1)
  await refuses(
    ann.dataSources.addTags({ params: { id: byTag }, body: { tags: ['Finance'] } }),
    'permission-missing',
    403,
  )
  await ann.policies.remove({ params, ifMatch: '6' })
  await admin.policies.archive({ params: { id: global.id }, ifMatch: '1' })
  await refuses(ann.dataSources.get({ params: { id: plain } }), 'data-source-not-found', 404)
})

test('who audits a domain reads and writes nothing; a narrowed key carries no rights', async t => {
  const { server, admin, byTag, plain } = await start(t)
  const [ann, ben] = [await server.as([], 'ann'), await server.as([], 'ben')]
  const give = (userId: number, right: 'AUDIT_ACTIVITY' | 'MANAGE_POLICIES') =>
    admin.domains.setUserRights({ params: { name: 'emea', userId }, body: { rights: [right] } })
  await give(ann.id, 'AUDIT_ACTIVITY')
  await give(ben.id, 'MANAGE_POLICIES')
  const made = await ben.policies.create({
    body: { ...open, name: 'p', domain: 'emea', who: { when: "@isUser('admin')" } },
  })
  assert.equal((await ann.policies.get({ params: { id: made.id } })).domain, 'emea')
  assert.deepEqual(
    (await ann.dataSources.list()).items.map(({ id }) => id),
    [byTag],
  )
  assert.equal((await ann.dataSources.access({ params: { id: byTag } })).total, 1)
  await refuses(ann.dataSources.get({ params: { id: plain } }), 'data-source-not-found', 404)
  await refuses(ann.policies.archive({ params: { id: made.id }, ifMatch: '1' }), 'permission-missing', 403)
  await refuses(ann.policies.create({ body: { ...open, name: 'q', domain: 'emea' } }), 'permission-missing', 403)
  await refuses(ann.policies.check({ body: { who: { everyone: true } } }), 'permission-missing', 403)

  const { key } = await ben.apiKeys.create({ body: { name: 'narrow', permissions: [] } })
  const answer = await fetch(`${server.url}/policies/${made.id}`, { headers: { authorization: key } })
  assert.equal(answer.status, 404)
})

test('a preview shows what a domain that changes would do', async t => {
  const { admin, plain, byTag } = await start(t)
  await admin.policies.create({ body: { ...open, name: 'of emea', domain: 'emea' } })
  const { items } = await admin.previews.make({
    body: {
      changes: [
        { change: 'editDomain', domain: 'emea', tags: [] },
        { change: 'putIntoDomain', domain: 'emea', dataSource: plain },
      ],
    },
  })
  assert.deepEqual(
    items.map(({ dataSource, before, after }) => [dataSource.id, before, after]),
    [
      [plain, undefined, 'READ'],
      [byTag, 'READ', undefined],
    ],
  )
  const { tags } = await admin.domains.get({ params: { name: 'emea' } })
  assert.deepEqual(tags, ['Finance'])
})
