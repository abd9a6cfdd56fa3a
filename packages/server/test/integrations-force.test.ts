/** Ways out, and back in: force, foreign grants removed on order, locations adopted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateUserCommand } from '@aws-sdk/client-iam'
import { createGrant, createLocation, listGrants, listLocations, tagsOf } from '../src/aws/access-grants.ts'
import { findIntegration } from '../src/db/integration.ts'
import { resumeIntegrations } from '../src/integrations/lifecycle.ts'
import { inAws, lake, person, quiet, register, until } from './reconcile/reconcile-world.ts'
import { integrationBody, type TestAccount } from './support/aws-account.ts'
import { connected, create, limitController, refused, settled } from './support/integrations.ts'
import type { TestServer } from './support/server.ts'

test('force gives up the AWS side: disabled, grants abandoned, data sources gone, nothing called', async t => {
  const here = await lake(t)
  const { server, account, integration: id } = here
  await here.start()
  const source = await register(here, 's3://research-data/public/*')
  const ann = await person(here, 'ann')
  const body = { level: 'READ' as const, reason: 'needed' }
  await server.admin.dataSources.setMember({ params: { id: source, userId: ann }, body })
  await until('the grant', () => inAws(here).length === 1)
  await quiet(here)

  const hindered = await refused(server.admin.integrations.remove({ params: { id }, query: { force: 'true' } }))
  assert.equal(hindered.code, 'integration-has-data-sources')
  const calls = server.sandbox.calls()
  const answer = await server.admin.integrations.remove({
    params: { id },
    query: { force: 'true', dataSources: 'disable' },
  })
  assert.equal(answer.status, 'disabled')
  await until('let go', async () => {
    const { released } = await server.db.kysely.selectFrom('leadership').selectAll().executeTakeFirstOrThrow()
    return !released
  })
  assert.deepEqual(server.sandbox.calls(), calls)
  assert.equal(inAws(here).length, 1)
  const ledger = await server.db.kysely.selectFrom('ledger').select('state').execute()
  assert.deepEqual(ledger, [{ state: 'abandoned' }])

  const [kept] = await server.admin.integrations.list()
  assert.equal(kept?.status, 'disabled')
  for (const query of [{}, { force: 'true' as const }]) {
    const error = await refused(server.admin.integrations.remove({ params: { id }, query }))
    assert.deepEqual([error.status, error.code], [409, 'integration-disabled'])
  }
  const edit = await refused(server.admin.integrations.update({ params: { id }, ifMatch: '"1"', body: { config: {} } }))
  assert.equal(edit.code, 'integration-disabled')

  const again = await server.admin.integrations.create({ body: integrationBody(account) })
  assert.equal(again.validationResults.validationTests[6]?.status, 'warning')
  assert.match(again.validationResults.validationTests[6]?.message ?? '', /will be adopted/)
  await settled(server, again.id, 'enabled')
  const [location, ...more] = await listLocations(account.owner)
  assert.deepEqual(more, [])
  const row = await findIntegration(server.db.kysely, Number(again.id))
  assert.equal(row?.aws_location_id, location?.id)
  assert.equal((await tagsOf(account.owner, location?.arn ?? '')).get('headgate:intent'), row?.intent)
  await assertIndexHolds(server)
})

test('a location of ours that no integration here knows is adopted with the role asked for; a stranger’s is not', async t => {
  const { server, account } = await connected(t)
  const { id: tenantId } = await server.admin.deployment.tenant()
  const old = 'arn:aws:iam::111122223333:role/access-grants-location'
  const made = (marks: { tenantId: string; intent: string }) =>
    createLocation(account.owner, { path: 's3://research-data/', roleArn: old, marks })
  await made({ tenantId: 'another-tenant', intent: 'lost' })
  const error = await refused(create(server, account))
  assert.equal(error.code, 'integration-location-exists')
  const clear = server.sandbox.state.accounts.get(account.accountId)?.accessGrants.get(account.region)?.locations
  clear?.clear()

  const lost = await made({ tenantId, intent: 'lost' })
  // Cut off between the steps of an adoption, it is adopted all the same.
  server.sandbox.faults.set({ rules: [{ kind: 'lost-answer', operation: 'TagResource', times: 1 }] })
  const { status } = await create(server, account)
  assert.equal(status, 'enabled')
  assert.deepEqual(
    (await listLocations(account.owner)).map(location => location.id),
    [lost.id],
  )
})

test('foreign grants go on an order that names each of them in the audit trail', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const named = await foreignGrant(account, 'theirs/*')
  const hindered = await refused(server.admin.integrations.remove({ params: { id } }))
  assert.match(hindered.message, /removeForeign=true/)

  await server.admin.integrations.remove({ params: { id }, query: { removeForeign: 'true' } })
  const { event } = await server.db.kysely
    .selectFrom('audit_event')
    .select('event')
    .orderBy('sequence', 'desc')
    .where('event', 'like', '%IntegrationDeletionStarted%')
    .executeTakeFirstOrThrow()
  const { auditPayload, actor } = JSON.parse(event)
  assert.equal(actor.type, 'user')
  assert.deepEqual(auditPayload.foreignGrantsToRemove, [
    {
      id: named,
      grantee: 'arn:aws:iam::111122223333:user/theirs',
      permission: 'READ',
      scope: 's3://research-data/theirs/*',
    },
  ])
  await settled(server, id, 'deleted')
  assert.deepEqual(await grantIds(account), [])
})

test('a foreign grant that the order does not name stays, and ends the deletion in deleteError', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const named = await foreignGrant(account, 'theirs/*')
  const other = await foreignGrant(account, 'more/*')
  await server.db.kysely
    .updateTable('integration')
    .set({ status: 'deleting', foreign_grants_to_remove: JSON.stringify([named]) })
    .execute()
  await resumeIntegrations(server.world)
  const failed = await settled(server, id, 'deleteError')
  assert.match(failed.statusMessage ?? '', /1 grants that Headgate did not make/)
  assert.deepEqual(
    (await grantIds(account)).sort(),
    [named, other].sort(),
    'the order is carried out whole or not begun',
  )
  await server.admin.integrations.remove({ params: { id }, query: { removeForeign: 'true' } })
  await settled(server, id, 'deleted')
  assert.deepEqual(await grantIds(account), [])
})

test('foreign grants that AWS does not let us remove are told with what is missing', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  await foreignGrant(account, 'theirs/*')
  await limitController(account, ['s3:DeleteAccessGrant'])
  await server.admin.integrations.remove({ params: { id }, query: { removeForeign: 'true' } })
  const failed = await settled(server, id, 'deleteError')
  assert.match(failed.statusMessage ?? '', /DeleteAccessGrant failed.*statement that removes foreign grants/)
})

/** What every node follows change by change is what a node that starts now would read. */
async function assertIndexHolds(server: TestServer): Promise<void> {
  const verification = await server.world.index.verify()
  assert.deepEqual(verification.differences, [])
}

async function foreignGrant(account: TestAccount, subPrefix: string): Promise<string> {
  const UserName = subPrefix.split('/')[0]
  const { User } = await account.owner.iam.send(new CreateUserCommand({ UserName }))
  const [location] = await listLocations(account.owner)
  const { awsGrantId } = await createGrant(account.owner, {
    locationId: location?.id ?? '',
    grantee: { type: 'IAM', identifier: User?.Arn ?? '' },
    permission: 'READ',
    subPrefix,
    isObject: false,
    marks: { tenantId: 'somebody', intent: 'else' },
  })
  return awsGrantId
}

async function grantIds({ owner }: TestAccount): Promise<string[]> {
  const ids: string[] = []
  for await (const page of listGrants(owner)) ids.push(...page.map(grant => grant.id))
  return ids
}
