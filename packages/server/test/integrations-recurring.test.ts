import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeleteRoleCommand, DeleteRolePolicyCommand, UpdateRoleCommand } from '@aws-sdk/client-iam'
import { AssociateAccessGrantsIdentityCenterCommand } from '@aws-sdk/client-s3-control'
import { validationTestNames } from '@headgate/core/api'
import { act, system } from '../src/db/act.ts'
import { claimValidations, recordFindings } from '../src/db/integration-fault.ts'
import {
  clearFault,
  reportFault,
  startRecurringValidation,
  validateIntegration,
} from '../src/integrations/recurring-validation.ts'
import { until } from './reconcile/reconcile-world.ts'
import { connected, create, limitController, settled } from './support/integrations.ts'

test('what fails later puts an integration out of creating, and back once it passes again', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const { world } = server
  const instance = server.sandbox.state.accounts.get(account.accountId)?.accessGrants
  const before = new Map(instance)
  instance?.clear()
  assert.equal(await validateIntegration(world, Number(id)), 'faulty')
  const faulty = await settled(server, id, 'recurringValidationError')
  assert.match(faulty.statusMessage ?? '', /no S3 Access Grants instance/)
  assert.deepEqual(
    faulty.validationResults.validationTests.map(({ name }) => validationTestNames.indexOf(name as never) + 1),
    [3, 4, 5, 6, 8, 9],
  )
  for (const [region, each] of before) instance?.set(region, each)
  assert.equal(await validateIntegration(world, Number(id)), 'valid')
  assert.equal((await settled(server, id, 'enabled')).statusMessage, undefined)
  const events = await server.db.kysely.selectFrom('audit_event').select('event').orderBy('sequence').execute()
  const types = events.map(({ event }) => JSON.parse(event).auditPayload.type)
  assert.deepEqual(types.slice(-2), ['IntegrationFoundInvalid', 'IntegrationValidAgain'])
})

test('tests 8 and 9 warn and nothing more, and the longest session is kept up', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const { iam } = account.owner
  await iam.send(new UpdateRoleCommand({ RoleName: 'access-grants-location', MaxSessionDuration: 43_200 }))
  await limitController(account, ['s3:DeleteAccessGrant', 's3:TagResource'])
  assert.equal(await validateIntegration(server.world, Number(id)), 'valid')
  const { validationResults } = await settled(server, id, 'enabled')
  const [rights, role] = validationResults.validationTests.slice(-2)
  assert.match(rights?.message ?? '', /lacks .*`s3:DeleteAccessGrant`.*`s3:TagResource`/)
  assert.match(role?.message ?? '', /may last 43200 s.*set its maximum session duration to 3600/)
  const row = await server.db.kysely.selectFrom('integration').selectAll().executeTakeFirstOrThrow()
  assert.equal(row.max_session_seconds, 43_200)

  await limitController(account, ['iam:SimulatePrincipalPolicy'])
  await validateIntegration(server.world, Number(id))
  const skipped = (await settled(server, id, 'enabled')).validationResults.validationTests.slice(-2)
  assert.deepEqual(
    skipped.map(({ status }) => status),
    ['skipped', 'skipped'],
  )
  await limitController(account, undefined)
  const RoleName = 'access-grants-location'
  await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'data' }))
  await validateIntegration(server.world, Number(id))
  const unable = (await settled(server, id, 'enabled')).validationResults.validationTests.at(-1)
  assert.match(unable?.message ?? '', /may not `s3:GetObject`.*`s3:ListBucket`/)
  await iam.send(new DeleteRoleCommand({ RoleName }))
  await validateIntegration(server.world, Number(id))
  const gone = (await settled(server, id, 'enabled')).validationResults.validationTests.at(-1)
  assert.match(gone?.message ?? '', /does not exist/)
})

test('once an Identity Center is associated, its rights and its trust are looked at too', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const { instanceArn } = server.sandbox.makeIdentityCenter(account.accountId, account.region)
  const associate = { AccountId: account.accountId, IdentityCenterArn: instanceArn }
  await account.owner.s3Control.send(new AssociateAccessGrantsIdentityCenterCommand(associate))
  await limitController(account, ['sso:DescribeApplication'])
  await validateIntegration(server.world, Number(id))
  const [rights, role] = (await settled(server, id, 'enabled')).validationResults.validationTests.slice(-2)
  assert.match(rights?.message ?? '', /lacks `sso:DescribeApplication`/)
  assert.match(role?.message ?? '', /does not let `access-grants.s3.amazonaws.com` do `sts:SetContext`/)
})

test('an AWS that does not answer says nothing about the integration', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  server.sandbox.faults.set({
    rules: [{ kind: 'error', operation: 'GetCallerIdentity', status: 503, code: 'SlowDown' }],
  })
  assert.equal(await validateIntegration(server.world, Number(id)), 'unknown')
  await settled(server, id, 'enabled')
})

test('a fault that another part reported stays until that part clears it', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const { world } = server
  await reportFault(world, Number(id), { test: 'location', message: 'the location is gone' })
  await reportFault(world, Number(id), { test: 'role', message: 'its role was changed' })
  assert.equal(await validateIntegration(world, Number(id)), 'valid')
  const faulty = await settled(server, id, 'recurringValidationError')
  assert.equal(faulty.statusMessage, 'the location is gone; its role was changed')
  await clearFault(world, Number(id), 'location')
  assert.equal((await settled(server, id, 'recurringValidationError')).statusMessage, 'its role was changed')
  await clearFault(world, Number(id), 'role')
  await settled(server, id, 'enabled')
  await clearFault(world, Number(id), 'role')
  const overtaken = { tests: ['location'], faults: [{ test: 'location', message: 'gone' }], version: 0 }
  await act(world.db, system, done => recordFindings(done, Number(id), overtaken))
  await settled(server, id, 'enabled')
  await server.admin.integrations.remove({ params: { id } })
  assert.equal(await reportFault(world, Number(id), { test: 'location', message: 'gone' }), undefined)
})

test('each integration is validated once per interval, whichever node claims it', async t => {
  const { server, account } = await connected(t)
  await create(server, account)
  const claims = await Promise.all([1, 2, 3].map(() => claimValidations(server.db.kysely, 0)))
  assert.ok(claims.flat().length >= 1)
  assert.deepEqual(await claimValidations(server.db.kysely, 3_600_000), [])
  await server.db.kysely
    .updateTable('integration')
    .set({ validated_at: new Date(0) })
    .execute()
  const again = await Promise.all([1, 2, 3].map(() => claimValidations(server.db.kysely, 3_600_000)))
  assert.deepEqual(again.flat(), [1])
})

test('the loop validates what is due, and goes on by itself', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const loop = startRecurringValidation(server.world, 50)
  t.after(() => loop.stop())
  const status = async () => (await server.admin.integrations.get({ params: { id } })).status
  await limitController(account, ['s3:GetAccessGrantsInstance'])
  await until('found', async () => (await status()) === 'recurringValidationError')
  await limitController(account, undefined)
  await until('well again', async () => (await status()) === 'enabled')
})
