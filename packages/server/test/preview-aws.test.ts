/** Previews of writes that ask AWS: AWS is asked, nothing there or here is changed, and then it comes as it was said. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PutAccessGrantsInstanceResourcePolicyCommand } from '@aws-sdk/client-s3-control'
import { lake, registerOne } from './support/lake.ts'

test('registering, mapping people and deleting the integration are previewed without touching AWS', async t => {
  const { server, integrationId } = await lake(t)
  const { admin } = server
  const ann = await server.as([], 'ann')
  await admin.users.addAttribute({ params: { id: ann.id, key: 'team', value: 'risk' } })
  const who = { when: "@hasAttribute('team', 'risk')" }
  const appliesTo = { everything: true as const }
  const policy = { name: 'risk', kind: 'grant' as const, level: 'READ' as const, appliesTo, who }
  await admin.policies.create({ body: { ...policy, state: 'active' } })

  const item = { dataSourceName: 'a', prefix: 's3://research-data/a/*' }
  const registering = { change: 'registerDataSources' as const, integrationId, dataSources: [item] }
  const registered = await admin.previews.make({ body: { changes: [registering] } })
  assert.deepEqual([registered.movements.gained, registered.integrations[0]?.unmapped], [1, 1])
  assert.equal(registered.items[0]?.dataSource.name, 'a')
  assert.equal((await admin.dataSources.list()).total, 0, 'nothing was registered')
  const body = { type: 'Native S3' as const, integrationId, dataSources: [item] }
  const [made] = await admin.nativeS3.register({ body, ifPreview: registered.token ?? '' })
  assert.notEqual(made?.dataSourceId, registered.items[0]?.dataSource.id, 'its number was another one in the preview')
  await registerOne(admin, integrationId, { dataSourceName: 'b', prefix: 's3://research-data/b/*' })

  const principals = [{ kind: 'iamUser' as const, identifier: 'arn:aws:iam::111122223333:user/ann' }]
  const mapping = { change: 'setPrincipals' as const, user: ann.id, principals }
  const mapped = await admin.previews.make({ body: { changes: [mapping] } })
  assert.deepEqual(mapped.movements, { gained: 0, lost: 0, raised: 0, lowered: 0 })
  assert.deepEqual(mapped.integrations[0]?.grants, { create: 2, revoke: 0 })
  assert.deepEqual((await admin.users.get({ params: { id: ann.id } })).principals, [])
  await admin.users.setPrincipals({ params: { id: ann.id }, body: principals, ifPreview: mapped.token ?? '' })
  const unmapped = await admin.previews.make({ body: { changes: [{ ...mapping, principals: [] }] } })
  assert.deepEqual(
    [unmapped.integrations[0]?.grants, unmapped.integrations[0]?.unmapped],
    [{ create: 0, revoke: 2 }, 2],
  )

  const ending = { change: 'deleteIntegration' as const, id: integrationId, dataSources: 'disable' as const }
  const ended = await admin.previews.make({ body: { changes: [ending] } })
  assert.deepEqual([ended.movements.lost, ended.integrations[0]?.grants.revoke], [2, 2])
  await server.world.background.idle()
  assert.equal((await admin.integrations.get({ params: { id: integrationId } })).status, 'enabled')
  const remove = { params: { id: integrationId }, query: { dataSources: 'disable' as const } }
  await admin.integrations.remove({ ...remove, ifPreview: ended.token ?? '' })
  await server.world.background.idle()
})

test('a principal of another account is previewed to get what the instance lets it vend', async t => {
  const { server, account, integrationId } = await lake(t)
  const { admin } = server
  const eve = await server.as([], 'eve')
  const policy = { name: 'all', kind: 'grant' as const, level: 'READ' as const, who: { everyone: true as const } }
  await admin.policies.create({ body: { ...policy, appliesTo: { everything: true }, state: 'active' } })
  await registerOne(admin, integrationId, { dataSourceName: 'a', prefix: 's3://research-data/a/*' })
  const principals = [{ kind: 'iamRole' as const, identifier: 'arn:aws:iam::444455556666:role/eve' }]
  const preview = () =>
    admin.previews.make({ body: { changes: [{ change: 'setPrincipals', user: eve.id, principals }] } })
  assert.equal((await preview()).integrations[0]?.grants.create ?? 0, 0)

  const { accountId } = account
  const Resource = `arn:aws:s3:us-east-1:${accountId}:access-grants/default`
  const Statement = { Effect: 'Allow', Principal: { AWS: '444455556666' }, Action: 's3:GetDataAccess', Resource }
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
  await account.owner.s3Control.send(new PutAccessGrantsInstanceResourcePolicyCommand({ AccountId: accountId, Policy }))
  const previewed = await preview()
  assert.deepEqual(previewed.integrations[0]?.grants, { create: 1, revoke: 0 })
  await admin.users.setPrincipals({ params: { id: eve.id }, body: principals, ifPreview: previewed.token ?? '' })
  const { integrations } = await admin.principals.read({ params: { id: eve.id } })
  assert.equal(integrations[0]?.status, 'mapped')
})
