import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolicyInput } from '@headgate/core/api'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { refuses } from './support/refuses.ts'
import { testServer } from './support/server.ts'

function guardrail(name: string, appliesTo: PolicyInput['appliesTo']): PolicyInput {
  const who = { when: "@hasAttribute('training', 'Privacy')" }
  return { name, kind: 'guardrail', level: 'READ', appliesTo, who, state: 'active' }
}

test('an owner does not untag a data source out of the reach of a guardrail; a governor does', async t => {
  const server = await testServer()
  t.after(server.close)
  const integrationId = await storedIntegration(server)
  for (const name of ['Personal.Health', 'Plain']) await server.admin.tags.create({ body: { name } })
  const owner = await server.as(['CREATE_S3_DATASOURCE'])
  const tags = ['Personal', 'Personal.Health', 'Plain']
  const id = await storeDataSource(server, integrationId, { name: 'Mine', scope: 's3://lake/mine/*', tags, owner })
  await server.admin.policies.create({ body: guardrail('trained', { any: [{ tag: 'Personal' }] }) })
  await server.admin.policies.create({ body: guardrail('all of it', { everything: true }) })
  const staged = guardrail('not yet', { any: [{ tag: 'Plain' }] })
  await server.admin.policies.create({ body: { ...staged, state: 'staged' } })
  const removing = (...names: string[]) => ({ params: { id }, body: { tags: names } })

  await refuses(
    owner.dataSources.removeTags(removing('Plain', 'Personal', 'Personal.Health')),
    'guardrail-would-drop',
    409,
  )
  const shown = await server.admin.dataSources.get({ params: { id } })
  assert.deepEqual(shown.tags, tags)

  // As long as one tag keeps it within reach, the others are the owner's to remove.
  assert.deepEqual(await owner.dataSources.removeTags(removing('Plain', 'Personal')), { tags: ['Personal.Health'] })
  await refuses(owner.dataSources.removeTags(removing('Personal.Health')), 'guardrail-would-drop', 409)
  assert.deepEqual(await server.admin.dataSources.removeTags(removing('Personal.Health')), { tags: [] })
})

test('an owner does not remove a data source whose guardrail binds one that covers it; a governor does', async t => {
  const server = await testServer()
  t.after(server.close)
  const integrationId = await storedIntegration(server)
  await server.admin.tags.create({ body: { name: 'Personal' } })
  const owner = await server.as(['CREATE_S3_DATASOURCE'])
  const inner = { name: 'Inner', scope: 's3://lake/all/inner/*', tags: ['Personal'], owner }
  const id = await storeDataSource(server, integrationId, inner)
  const alone = await storeDataSource(server, integrationId, { ...inner, name: 'Alone', scope: 's3://lake/alone/*' })
  const outer = await storeDataSource(server, integrationId, { name: 'Outer', scope: 's3://lake/all/*', owner })
  await server.admin.policies.create({ body: guardrail('trained', { any: [{ tag: 'Personal' }] }) })

  const forGood = { hard: 'true' } as const
  await refuses(owner.dataSources.remove({ params: { id }, query: forGood }), 'guardrail-would-drop', 409)
  // Disabled its guardrails bind as before, so that is the owner's to do; the second step is not.
  assert.equal((await owner.dataSources.removeInSteps({ params: { id } })).hardDelete, false)
  await refuses(owner.dataSources.removeInSteps({ params: { id } }), 'guardrail-would-drop', 409)
  await refuses(owner.dataSources.remove({ params: { id }, query: forGood }), 'guardrail-would-drop', 409)
  assert.equal((await owner.dataSources.get({ params: { id } })).state, 'disabled')
  // The outer one may come back and be read through.
  assert.equal((await owner.dataSources.remove({ params: { id: outer } })).state, 'disabled')
  await refuses(owner.dataSources.remove({ params: { id }, query: forGood }), 'guardrail-would-drop', 409)
  // Nothing covers this one, so nobody gains by its end.
  assert.equal((await owner.dataSources.remove({ params: { id: alone }, query: forGood })).state, 'deleted')
  assert.equal((await server.admin.dataSources.remove({ params: { id }, query: forGood })).state, 'deleted')
})
