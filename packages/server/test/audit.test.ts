import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { type TestServer, testServer } from './support/server.ts'

async function start(t: TestContext): Promise<TestServer> {
  const server = await testServer()
  t.after(server.close)
  return server
}

async function eventsOf(server: TestServer, type: string) {
  const rows = await server.db.kysely.selectFrom('audit_event').orderBy('sequence').select('event').execute()
  const events = rows.map(({ event }) => JSON.parse(event))
  return events.filter(({ auditPayload }) => auditPayload.type === type)
}

test("the first admin's key is told of, and never the key itself", async t => {
  const server = await start(t)
  const [made, ...others] = await eventsOf(server, 'ApiKeyCreated')
  assert.deepEqual(others, [])
  assert.deepEqual(made.relatedResources, [{ type: 'USER', id: String(server.admin.id), name: 'admin' }])
  assert.ok(!JSON.stringify(made).includes(server.admin.key))
})

test('a deleted user is told of with everything that went with them', async t => {
  const server = await start(t)
  const integrationId = await storedIntegration(server)
  const ann = await server.as(['CREATE_S3_DATASOURCE'], 'ann')
  const person = { id: ann.id }
  const owns = await storeDataSource(server, integrationId, { name: 'Mine', scope: 's3://lake/mine/*', owner: ann })
  const reads = await storeDataSource(server, integrationId, { name: 'Other', scope: 's3://lake/other/*' })
  const group = await server.admin.groups.create({ body: { name: 'Analysts' } })
  await server.admin.groups.addMember({ params: { id: group.id, userId: ann.id } })
  await server.admin.users.addAttribute({ params: { ...person, key: 'team', value: 'red' } })
  const identifier = 'arn:aws:iam::111122223333:user/ann'
  await server.db.kysely.insertInto('principal').values({ person_id: ann.id, kind: 'iamUser', identifier }).execute()
  const member = { level: 'READ' as const, until: '2999-01-01T00:00:00.000Z', reason: 'project' }
  await server.admin.dataSources.setMember({ params: { id: reads, userId: ann.id }, body: member })
  await server.admin.domains.create({ body: { name: 'emea' } })
  const right = { rights: ['AUDIT_ACTIVITY' as const] }
  await server.admin.domains.setUserRights({ params: { name: 'emea', userId: ann.id }, body: right })
  await server.db.kysely
    .insertInto('subscription')
    .values({ person_id: ann.id, data_source_id: reads, level: 'READ' })
    .execute()

  await server.admin.users.remove({ params: person })
  const [deleted] = await eventsOf(server, 'UserDeleted')
  const { name: _, email: __, kind: ___, ...before } = deleted.auditPayload.before
  assert.deepEqual(before, {
    userid: 'ann',
    disabled: false,
    permissions: ['CREATE_S3_DATASOURCE'],
    groups: [group.id],
    attributes: [{ key: 'team', value: 'red' }],
    principals: [{ kind: 'iamUser', identifier, integrationId: null }],
    members: [{ id: 1, dataSource: reads, level: 'READ', until: member.until }],
    subscriptions: [{ dataSource: reads, level: 'READ' }],
    domainRights: [{ domain: 'emea', right: 'AUDIT_ACTIVITY' }],
    owns: [owns],
  })
})

test('a slash in an attribute does not make two facts look like one', async t => {
  const server = await start(t)
  const { id } = await server.as([])
  for (const [key, value] of [
    ['a', 'b/c'],
    ['a/b', 'c'],
  ] as const) {
    await server.admin.users.addAttribute({ params: { id, key, value } })
    await server.admin.users.removeAttribute({ params: { id, key, value } })
  }
  const rows = await server.db.kysely
    .selectFrom('fact_change')
    .where('entity', '=', 'attribute')
    .select('entity_id')
    .distinct()
    .execute()
  assert.equal(rows.length, 2)
})
