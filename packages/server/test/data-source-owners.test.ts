import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lake, register, registerOne, storeDataSource, storedIntegration } from './support/lake.ts'
import { refuses } from './support/refuses.ts'
import { testServer } from './support/server.ts'

async function world(t: { after(end: () => Promise<void>): void }) {
  const server = await testServer()
  t.after(server.close)
  const integrationId = await storedIntegration(server)
  return { server, integrationId }
}

test('a group owns what it was given: each of its people manages it, until they leave', async t => {
  const { server, integrationId } = await world(t)
  await server.admin.tags.create({ body: { name: 'Finance' } })
  const id = await storeDataSource(server, integrationId, { name: 'A', scope: 's3://research-data/a/*' })
  const params = { id }
  const ann = await server.as([], 'ann')
  await refuses(ann.dataSources.get({ params }), 'data-source-not-found', 404)
  const group = await server.admin.groups.create({ body: { name: 'Stewards' } })
  await server.admin.groups.addMember({ params: { id: group.id, userId: ann.id } })
  const owners = await server.admin.dataSources.setGroupOwner({ params: { id, groupId: group.id } })
  assert.deepEqual(owners.ownerGroups, [{ id: group.id, name: 'Stewards' }])
  assert.deepEqual((await ann.dataSources.addTags({ params, body: { tags: ['Finance'] } })).tags, ['Finance'])
  assert.deepEqual((await ann.dataSources.list({ query: { mine: 'owner' } })).items[0]?.mine, { owner: true })
  const body = { level: 'READ' as const, reason: 'steward' }
  const member = await ann.dataSources.setMember({ params: { id, userId: ann.id }, body })
  assert.equal(member.addedBy, 'ann')
  // Owning is not reading, so it was a member who now reads; and by their own doing.
  const { items } = await ann.dataSources.access({ params })
  assert.deepEqual([items[0]?.user.userid, items[0]?.selfGiven], ['ann', true])
  await server.admin.groups.removeMember({ params: { id: group.id, userId: ann.id } })
  await refuses(ann.dataSources.removeTags({ params, body: { tags: ['Finance'] } }), 'permission-missing', 403)
})

test('owners name and remove owners, the last one only with a governor', async t => {
  const { server, integrationId } = await world(t)
  const ann = await server.as([], 'ann')
  const ben = await server.as([], 'ben')
  const id = await storeDataSource(server, integrationId, { name: 'A', scope: 's3://research-data/a/*', owner: ann })
  const both = await ann.dataSources.setOwner({ params: { id, userId: ben.id } })
  assert.deepEqual(
    both.owners.map(({ userid }) => userid),
    ['ann', 'ben'],
  )
  assert.deepEqual(await ben.dataSources.setOwner({ params: { id, userId: ben.id } }), both)
  await ben.dataSources.removeOwner({ params: { id, userId: ann.id } })
  await refuses(ann.dataSources.get({ params: { id } }), 'data-source-not-found', 404)
  await refuses(ben.dataSources.removeOwner({ params: { id, userId: ann.id } }), 'owner-not-found', 404)
  await refuses(ben.dataSources.removeOwner({ params: { id, userId: ben.id } }), 'last-owner', 409)
  const none = await server.admin.dataSources.removeOwner({ params: { id, userId: ben.id } })
  assert.deepEqual(none, { owners: [], ownerGroups: [] })
})

test('owners that are not there, and everybody as an owner, are refused', async t => {
  const { server, integrationId } = await world(t)
  const id = await storeDataSource(server, integrationId, { name: 'A', scope: 's3://research-data/a/*' })
  const { setOwner, setGroupOwner, removeGroupOwner } = server.admin.dataSources
  await refuses(setOwner({ params: { id, userId: 4711 } }), 'user-not-found', 404)
  await refuses(setGroupOwner({ params: { id, groupId: 4711 } }), 'group-not-found', 404)
  const everyone = (await server.admin.groups.list()).items.find(({ name }) => name === 'All Users')
  await refuses(setGroupOwner({ params: { id, groupId: everyone?.id ?? 0 } }), 'group-built-in', 409)
  await refuses(removeGroupOwner({ params: { id, groupId: 4711 } }), 'owner-not-found', 404)
  const auditor = await server.as(['AUDIT'])
  await refuses(auditor.dataSources.setOwner({ params: { id, userId: auditor.id } }), 'permission-missing', 403)
})

test('a change of owners leaves an audit event; a deleted group owns nothing any more', async t => {
  const { server, integrationId } = await world(t)
  const id = await storeDataSource(server, integrationId, { name: 'A', scope: 's3://research-data/a/*' })
  const group = await server.admin.groups.create({ body: { name: 'Stewards' } })
  const params = { id, groupId: group.id }
  await server.admin.dataSources.setGroupOwner({ params })
  await server.admin.dataSources.setGroupOwner({ params })
  await server.admin.dataSources.removeGroupOwner({ params })
  const events = await server.db.kysely
    .selectFrom('audit_event')
    .where('event', 'like', '%Owner%')
    .selectAll()
    .execute()
  assert.equal(events.length, 2)
  await server.admin.dataSources.setGroupOwner({ params })
  await server.admin.groups.remove({ params: { id: group.id } })
  assert.deepEqual((await server.admin.dataSources.get({ params: { id } })).ownerGroups, [])
})

test('name and description are changed by owners; a taken name is refused', async t => {
  const { server, integrationId } = await lake(t)
  const owner = await server.as(['CREATE_S3_DATASOURCE'])
  const id = await registerOne(owner, integrationId, { dataSourceName: 'A', prefix: '/a/*' })
  await register(server.admin, integrationId, { dataSourceName: 'B', prefix: '/b/*' })
  const update = (body: { name?: string; description?: string }) => owner.dataSources.update({ params: { id }, body })
  const after = await update({ name: 'Renamed', description: 'wages' })
  assert.deepEqual([after.name, after.description, after.prefix], ['Renamed', 'wages', '/a/*'])
  await refuses(update({ name: 'B' }), 'data-source-name-taken', 409)
  assert.equal((await update({})).name, 'Renamed')
  await server.admin.policies.create({
    body: {
      name: 'by name',
      kind: 'grant',
      level: 'READ',
      appliesTo: { any: [{ name: 'Renamed*' }] },
      who: { everyone: true },
      state: 'active',
    },
  })
  const reader = await server.as()
  assert.equal((await reader.dataSources.get({ params: { id } })).name, 'Renamed')
  await refuses(reader.dataSources.update({ params: { id }, body: { name: 'X' } }), 'permission-missing', 403)
  await update({ name: 'Other' })
  await refuses(reader.dataSources.get({ params: { id } }), 'data-source-not-found', 404)
  const disabled = await server.admin.dataSources.remove({ params: { id } })
  assert.equal(disabled.state, 'disabled')
  assert.equal((await update({ name: 'Sleeping' })).state, 'disabled')
})
