import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from './support/integrations.ts'
import { badItems, lake, register, registerOne, storeDataSource, storedIntegration } from './support/lake.ts'
import { type TestPerson, testServer } from './support/server.ts'

async function world(t: { after(end: () => Promise<void>): void }) {
  const server = await testServer()
  t.after(server.close)
  return { server, integrationId: await storedIntegration(server) }
}

test('the list tells what the caller is to each, and narrows by it', async t => {
  const { server, integrationId } = await world(t)
  const governor = await server.as(['GOVERNANCE'])
  const store = (name: string, owner: TestPerson) =>
    storeDataSource(server, integrationId, { name, scope: `s3://research-data/${name}/*`, owner })
  await store('mine', governor)
  const both = await store('both', governor)
  const read = await store('read', server.admin)
  await store('other', server.admin)
  for (const [id, level] of [[both, 'WRITE'] as const, [read, 'READ'] as const]) {
    const body = { level, reason: 'test' }
    await server.admin.dataSources.setMember({ params: { id, userId: governor.id }, body })
  }
  const { items } = await governor.dataSources.list()
  assert.deepEqual(
    items.map(({ name, mine }) => [name, mine]),
    [
      ['both', { owner: true, level: 'WRITE' }],
      ['mine', { owner: true }],
      ['other', { owner: false }],
      ['read', { owner: false, level: 'READ' }],
    ],
  )
  const narrowed = async (mine: 'owner' | 'access' | 'none') => {
    const page = await governor.dataSources.list({ query: { mine } })
    assert.equal(page.total, page.items.length)
    return page.items.map(({ name }) => name)
  }
  assert.deepEqual(await narrowed('owner'), ['both', 'mine'])
  assert.deepEqual(await narrowed('access'), ['both', 'read'])
  assert.deepEqual(await narrowed('none'), ['mine', 'other'])
  const reader = await server.as()
  assert.deepEqual((await reader.dataSources.list({ query: { mine: 'none' } })).total, 0)
})

test('each policy that binds says what of it does', async t => {
  const { server, integrationId } = await world(t)
  await server.admin.tags.create({ body: { name: 'Finance.Payroll' } })
  const item = { name: 'wages', scope: 's3://research-data/wages/*', tags: ['Finance.Payroll'] }
  const id = await storeDataSource(server, integrationId, item)
  const conditions = [{ tag: 'Finance' }, { name: 'w*' }, { scope: 's3://research-data/other/*' }]
  const common = { level: 'READ' as const, who: { everyone: true as const }, state: 'active' as const }
  type AppliesTo = Parameters<typeof server.admin.policies.create>[0]['body']['appliesTo']
  const create = (name: string, appliesTo: NonNullable<AppliesTo>) =>
    server.admin.policies.create({ body: { ...common, name, kind: 'grant', appliesTo } })
  await create('any', { any: conditions })
  await create('all', { all: conditions.slice(0, 2) })
  await create('everything', { everything: true })
  const { policies } = await server.admin.dataSources.get({ params: { id } })
  assert.deepEqual(
    policies.map(({ name, why }) => [name, why]),
    [
      ['any', 'tag `Finance`, name like `w*`'],
      ['all', 'tag `Finance` and name like `w*`'],
      ['everything', 'applies to everything'],
    ],
  )
})

test('whom a wider data source lets in is shown on the inner one, wherever one looks', async t => {
  const { server, integrationId } = await world(t)
  const outer = await storeDataSource(server, integrationId, { name: 'outer', scope: 's3://research-data/*' })
  const inner = await storeDataSource(server, integrationId, { name: 'inner', scope: 's3://research-data/in/*' })
  const ann = await server.as([], 'ann')
  const { dataSources, access } = server.admin
  await dataSources.setMember({ params: { id: outer, userId: ann.id }, body: { level: 'READ', reason: 'all of it' } })
  const via = { kind: 'dataSource', id: outer, name: 'outer' }
  const reason = { kind: 'overlap', id: outer, name: 'outer', level: 'READ', via }

  assert.equal((await dataSources.get({ params: { id: inner } })).audience, 1)
  const onAccess = (await dataSources.access({ params: { id: inner } })).items[0]
  assert.deepEqual([onAccess?.because, onAccess?.provisioning.status], [[reason], 'via'])
  const mine = (await ann.users.access({ params: { id: ann.id } })).items
  assert.deepEqual(
    mine.map(({ dataSource, because }) => [dataSource.name, because[0]?.kind]),
    [
      ['inner', 'overlap'],
      ['outer', 'member'],
    ],
  )
  const who = await access.who({ query: { dataSource: inner } })
  assert.deepEqual(who.items[0]?.because, [reason])
  const explained = await access.explain({ query: { user: ann.id, dataSource: inner } })
  assert.deepEqual(explained.dataSources[0]?.because, [reason])
  const listed = (await ann.dataSources.list()).items
  assert.deepEqual(
    listed.map(({ name, mine }) => [name, mine.level]),
    [
      ['inner', 'READ'],
      ['outer', 'READ'],
    ],
  )
})

test('two integrations nested in one account and region share its scopes', async t => {
  const { server, account, integrationId } = await lake(t)
  const inner = await create(server, account, { name: 'inner', awsLocationPath: 's3://research-data/teams' })
  assert.equal(inner.status, 'enabled', inner.statusMessage)
  const innerId = Number(inner.id)
  const a = await registerOne(server.admin, integrationId, { dataSourceName: 'a', prefix: '/teams/a/*' })
  // The same scope, whichever the integration and however it is written.
  const same = await badItems(register(server.admin, innerId, { dataSourceName: 'again', prefix: 'a/*' }))
  assert.deepEqual(same, { status: 409, code: 'data-source-scope-taken', items: ['0 data-source-scope-taken'] })
  const governed = { dataSourceName: 'again', prefix: 'a/*', allowOverlap: true }
  assert.equal((await badItems(register(server.admin, innerId, governed))).code, 'data-source-scope-taken')
  const within = { dataSourceName: 'within', prefix: 'a/deep/*' }
  assert.equal((await badItems(register(server.admin, innerId, within))).code, 'data-source-overlap')
  const deep = await registerOne(server.admin, innerId, { ...within, allowOverlap: true })
  const all = { dataSourceName: 'all teams', prefix: '/*' }
  assert.equal((await badItems(register(server.admin, innerId, all))).code, 'data-source-overlap')

  const ann = await server.as([], 'ann')
  const body = { level: 'READ' as const, reason: 'test' }
  await server.admin.dataSources.setMember({ params: { id: a, userId: ann.id }, body })
  const { items } = await server.admin.dataSources.access({ params: { id: deep } })
  assert.deepEqual(
    items.map(({ user, because }) => [user.userid, because[0]?.via?.name]),
    [['ann', 'a']],
  )
  const level = await server.admin.dataSources.browse({ params: { id: innerId } })
  assert.deepEqual(level.items, [])
  // Two dots are key text: it lies inside, and nowhere else.
  const dots = await registerOne(server.admin, innerId, { dataSourceName: 'dots', prefix: '/../other/*' })
  const { scope } = await server.admin.dataSources.get({ params: { id: dots } })
  assert.equal(scope, 's3://research-data/teams/../other/*')
})

test('a data source is registered into a domain, and found there by hand or by tag', async t => {
  const { server, integrationId } = await lake(t)
  await server.admin.tags.create({ body: { name: 'Finance.Payroll' } })
  await server.admin.domains.create({ body: { name: 'Money', tags: ['Finance'] } })
  const items = [
    { dataSourceName: 'by hand', prefix: '/hand/*', domain: 'Money' },
    { dataSourceName: 'by tag', prefix: '/tag/*', tags: ['Finance.Payroll'] },
    { dataSourceName: 'neither', prefix: '/neither/*' },
  ]
  const nowhere = { dataSourceName: 'x', prefix: '/x/*', domain: 'Nowhere' }
  const refused = await badItems(register(server.admin, integrationId, ...items, nowhere))
  assert.deepEqual(refused, { status: 404, code: 'domain-not-found', items: ['3 domain-not-found'] })
  await register(server.admin, integrationId, ...items)
  const names = async (domain: string) =>
    (await server.admin.dataSources.list({ query: { domain } })).items.map(({ name }) => name)
  assert.deepEqual(await names('Money'), ['by hand', 'by tag'])
  assert.deepEqual(await names('Nowhere'), [])
})
