import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateRoleCommand } from '@aws-sdk/client-iam'
import { validationTestNames } from '@headgate/core/api'
import { createGrant, createLocation, deleteGrant, listGrants, listLocations } from '../src/aws/access-grants.ts'
import { carryOn, resumeIntegrations } from '../src/integrations/lifecycle.ts'
import type { TestAccount } from './support/aws-account.ts'
import {
  body,
  clearLocations,
  connected,
  create,
  failedTests,
  limitController,
  refused,
  settled,
} from './support/integrations.ts'
import type { TestServer } from './support/server.ts'

test('a failed creation can be deleted, with the location that it may have left', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  await server.db.kysely
    .updateTable('integration')
    .set({ status: 'createError', aws_location_id: null })
    .where('id', '=', Number(id))
    .execute()
  await server.admin.integrations.remove({ params: { id } })
  await settled(server, id, 'deleted')
  assert.deepEqual(await listLocations(account.owner), [])
})

test('a location that somebody else put in the place of ours is left alone', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account, { awsLocationPath: 's3://' })
  await clearLocations(server, account)
  const marks = { tenantId: 'another', intent: 'another' }
  const theirs = await createLocation(account.owner, { path: 's3://', roleArn: account.locationRole, marks })
  assert.equal(theirs.id, 'default')
  await server.admin.integrations.remove({ params: { id } })
  const failed = await settled(server, id, 'deleteError')
  assert.match(failed.statusMessage ?? '', /left alone/)
  assert.equal((await listLocations(account.owner)).length, 1)
})

test('a delete runs tests 3 to 6, removes the location, and leaves the integration readable', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const response = await server.admin.send(`/integrations/${id}`, { method: 'DELETE' })
  assert.equal(response.status, 200)
  assert.deepEqual(await body(response), {
    id,
    status: 'deleting',
    validationResults: {
      status: 'passed',
      validationTests: validationTestNames.slice(2, 6).map(name => ({ name, status: 'passed' })),
    },
  })
  await settled(server, id, 'deleted')
  assert.deepEqual(await listLocations(account.owner), [])
  assert.deepEqual(await server.admin.integrations.list(), [])
  const [kept] = await server.admin.integrations.list({ query: { include: 'deleted' } })
  assert.equal(kept?.id, id)
  assert.equal((await refused(server.admin.integrations.remove({ params: { id } }))).status, 404)
  assert.equal((await create(server, account)).status, 'enabled')
})

test('active data sources hinder a delete, unless they are disabled with it; they end with the integration', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const source = await addDataSource(server, Number(id))
  const error = await refused(server.admin.integrations.remove({ params: { id } }))
  assert.equal(error.status, 409)
  assert.equal(error.code, 'integration-has-data-sources')
  assert.match(error.message, /still has 1 data sources/)

  await server.admin.integrations.remove({ params: { id }, query: { dataSources: 'disable' } })
  await settled(server, id, 'deleted')
  const { state } = await server.db.kysely
    .selectFrom('data_source')
    .select('state')
    .where('id', '=', source)
    .executeTakeFirstOrThrow()
  assert.equal(state, 'deleted')
  const facts = await server.db.kysely
    .selectFrom('fact_change')
    .select(['entity_id', 'cause'])
    .where('entity', '=', 'dataSource')
    .orderBy('id')
    .execute()
  assert.deepEqual(facts, [
    { entity_id: String(source), cause: 'data-source-disabled' },
    { entity_id: String(source), cause: 'data-source-deleted' },
  ])

  // Their scopes and names are free for the account's next integration.
  const next = await create(server, account)
  await addDataSource(server, Number(next.id))
})

test('the location stays until the ledger has no live grant', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const row = await addGrant(server, account, Number(id))
  await server.admin.integrations.remove({ params: { id }, query: { dataSources: 'disable' } })
  await server.world.background.idle()
  assert.equal((await server.admin.integrations.get({ params: { id } })).status, 'deleting')
  assert.equal((await listLocations(account.owner)).length, 1)

  await server.db.kysely.updateTable('ledger').set({ state: 'revoked' }).where('id', '=', row).execute()
  carryOn(server.world, Number(id))
  await settled(server, id, 'deleted')
})

test('grants that Headgate did not make hinder a delete, and ours do not', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const row = await addGrant(server, account, Number(id))
  const ledger = await server.db.kysely.selectFrom('ledger').selectAll().where('id', '=', row).executeTakeFirstOrThrow()
  // As after a lost answer: in AWS with our tag, and no id in the ledger.
  await makeGrant(account, ledger.intent, 'ours/*')
  const foreign = await makeGrant(account, 'somebody-elses', 'theirs/*')
  const error = await refused(server.admin.integrations.remove({ params: { id }, query: { dataSources: 'disable' } }))
  assert.equal(error.status, 409)
  assert.equal(error.code, 'integration-has-foreign-grants')
  assert.deepEqual(
    (error.body.grants as { id: string }[]).map(grant => grant.id),
    [foreign],
  )
  assert.equal((await server.admin.integrations.get({ params: { id } })).status, 'enabled')
})

test('a foreign grant that appears while deleting ends in deleteError; deleting again finishes once it is gone', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const row = await addGrant(server, account, Number(id))
  await server.admin.integrations.remove({ params: { id }, query: { dataSources: 'disable' } })
  await server.world.background.idle()
  await makeGrant(account, 'somebody-elses', 'theirs/*')
  await server.db.kysely.updateTable('ledger').set({ state: 'revoked' }).where('id', '=', row).execute()
  carryOn(server.world, Number(id))
  const failed = await settled(server, id, 'deleteError')
  assert.match(failed.statusMessage ?? '', /1 grants that Headgate did not make/)
  await clearGrants(account)
  await server.admin.integrations.remove({ params: { id } })
  await settled(server, id, 'deleted')
})

test('a delete rides out grants that still count, lost answers and throttles', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  server.sandbox.faults.set({
    rules: [
      {
        kind: 'error',
        status: 400,
        code: 'AccessGrantsLocationNotEmptyError',
        operation: 'DeleteAccessGrantsLocation',
        times: 1,
      },
      { kind: 'lost-answer', operation: 'DeleteAccessGrantsLocation', times: 1 },
      { kind: 'error', status: 503, code: 'SlowDown', operation: 'ListAccessGrants', times: 1 },
    ],
  })
  await server.admin.integrations
    .remove({ params: { id } })
    .catch(() => server.admin.integrations.remove({ params: { id } }))
  await settled(server, id, 'deleted')
  assert.deepEqual(await listLocations(account.owner), [])
})

test('a delete that AWS refuses ends in deleteError; deleting again finishes it', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  await limitController(account, ['s3:DeleteAccessGrantsLocation'])
  await server.admin.integrations.remove({ params: { id } })
  const failed = await settled(server, id, 'deleteError')
  assert.match(failed.statusMessage ?? '', /s3:DeleteAccessGrantsLocation/)
  await limitController(account, undefined)
  await server.admin.integrations.remove({ params: { id } })
  await settled(server, id, 'deleted')
})

test('a crash while deleting is taken up at the next start', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  await server.db.kysely.updateTable('integration').set({ status: 'deleting' }).where('id', '=', Number(id)).execute()
  await resumeIntegrations(server.world)
  await settled(server, id, 'deleted')
  assert.deepEqual(await listLocations(account.owner), [])
})

test('a bucket or an instance that is gone does not hinder a delete; wrong credentials do', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  server.sandbox.state.accessKeys.delete(account.controller.accessKeyId)
  const error = await refused(server.admin.integrations.remove({ params: { id } }))
  assert.equal(error.status, 422)
  assert.deepEqual(failedTests(error), [4])
  const { controller } = account
  const key = {
    ...controller,
    account: account.accountId,
    userName: 'headgate-controller',
    status: 'Active' as const,
    createdAt: 0,
  }
  server.sandbox.state.accessKeys.set(controller.accessKeyId, key)

  server.sandbox.state.buckets.delete(account.bucket)
  server.sandbox.state.accounts.get(account.accountId)?.accessGrants.clear()
  const answer = await server.admin.integrations.remove({ params: { id } })
  assert.deepEqual(
    answer.validationResults.validationTests.map(({ status }) => status),
    ['passed', 'passed', 'failed', 'failed'],
  )
  await settled(server, id, 'deleted')
})

async function addDataSource(server: TestServer, integration_id: number): Promise<number> {
  const where = {
    account_id: '111122223333',
    region: 'us-east-1',
    prefix: 'public/*',
    bucket: 'research-data',
    key: 'public/',
  }
  const { id } = await server.db.kysely
    .insertInto('data_source')
    .values({ name: 'public', integration_id, ...where, kind: 'prefix', created_by: server.admin.id })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** A live ledger row that does not know AWS's id. */
async function addGrant(server: TestServer, account: TestAccount, integration_id: number): Promise<number> {
  const data_source_id = await addDataSource(server, integration_id)
  const grantee_id = `arn:aws:iam::${account.accountId}:role/reader`
  const { id } = await server.db.kysely
    .insertInto('ledger')
    .values({
      integration_id,
      data_source_id,
      person_id: server.admin.id,
      grantee_type: 'IAM',
      grantee_id,
      bucket: 'research-data',
      key: 'public/',
      kind: 'prefix',
      permission: 'READ',
      state: 'creating',
      because: '[]',
      cause: 'test',
      epoch: 1,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

async function makeGrant(account: TestAccount, intent: string, subPrefix: string): Promise<string> {
  const [location] = await listLocations(account.owner)
  const RoleName = `reader-${subPrefix.slice(0, 3)}`
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account.accountId}:root` }, Action: 'sts:AssumeRole' },
    ],
  })
  const { Role } = await account.owner.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
  const { awsGrantId } = await createGrant(account.owner, {
    locationId: location?.id ?? '',
    grantee: { type: 'IAM', identifier: Role?.Arn ?? '' },
    permission: 'READ',
    subPrefix,
    isObject: false,
    marks: { tenantId: 'test', intent },
  })
  return awsGrantId
}

async function clearGrants({ owner }: TestAccount): Promise<void> {
  for await (const page of listGrants(owner)) for (const grant of page) await deleteGrant(owner, grant.id)
}
