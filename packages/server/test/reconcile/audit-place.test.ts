/** What all grants hang on, changed behind our back: told, creating nothing until it is as it was; and who shares a listing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateUserCommand as CreateDirectoryUserCommand } from '@aws-sdk/client-identitystore'
import {
  AssociateAccessGrantsIdentityCenterCommand,
  DeleteAccessGrantsLocationCommand,
  DissociateAccessGrantsIdentityCenterCommand,
  UpdateAccessGrantsLocationCommand,
} from '@aws-sdk/client-s3-control'
import { integrationBody } from '../support/aws-account.ts'
import { assertAsEntitled } from './as-entitled.ts'
import { age, compare, createByHand, deleteByHand, found, grantOf, instanceOf, settled, told } from './audit-world.ts'
import { grants, inAws, type Lake, lake, person, quiet, until } from './reconcile-world.ts'

async function statusOf({ server, integration }: Lake) {
  const { status, statusMessage = '' } = await server.admin.integrations.get({ params: { id: integration } })
  return { status, message: statusMessage }
}

test('a location that was deleted: nothing is made again, until it is back', async t => {
  const here = await lake(t)
  await here.start()
  await settled(here, 'ann', 'bob')
  const { account } = here
  const [location] = instanceOf(here).locations.values()
  if (!location) assert.fail('no location')
  for (const name of ['ann', 'bob']) await deleteByHand(here, grantOf(here, name).id)
  const AccessGrantsLocationId = location.id
  await account.owner.s3Control.send(
    new DeleteAccessGrantsLocationCommand({ AccountId: account.accountId, AccessGrantsLocationId }),
  )
  const report = await compare(here)
  assert.deepEqual([report.location, told(report)], ['missing', '2 checked, 2 missing'])
  assert.deepEqual(found(report), ['location stop', 'missing report', 'missing report'])
  const failed = await statusOf(here)
  assert.equal(failed.status, 'recurringValidationError')
  assert.match(failed.message, /no longer in AWS/)
  await quiet(here)
  assert.equal(instanceOf(here).grants.size, 0)
  assert.equal((await grants(here, { state: 'active' })).length, 2)

  instanceOf(here).locations.set(location.id, location)
  assert.deepEqual(found(await compare(here)), ['missing recreate', 'missing recreate'])
  assert.equal((await statusOf(here)).status, 'enabled')
  await until('both', () => inAws(here).length === 2)
  await quiet(here)
  await assertAsEntitled(here)
})

test("a location's role that was changed: told and left alone, creating nothing until it is set back", async t => {
  const here = await lake(t)
  await here.start()
  const id = await settled(here, 'ann')
  const { account } = here
  const [location] = instanceOf(here).locations.values()
  const setRole = async (IAMRoleArn: string) => {
    const AccessGrantsLocationId = location?.id
    await account.owner.s3Control.send(
      new UpdateAccessGrantsLocationCommand({ AccountId: account.accountId, AccessGrantsLocationId, IAMRoleArn }),
    )
  }
  const roles = here.server.sandbox.state.accounts.get(account.accountId)?.roles
  const role = roles?.get('access-grants-location')
  if (!roles || !role) assert.fail('no role')
  const other = account.locationRole.replace('access-grants-location', 'other')
  roles.set('other', { ...role, roleName: 'other', arn: other })
  await setRole(other)
  const report = await compare(here)
  assert.deepEqual([report.location, told(report)], ['roleChanged', '1 checked, 1 equal'])
  assert.match((await statusOf(here)).message, new RegExp(other))
  const userId = await person(here, 'bob')
  const body = { level: 'READ' as const, reason: 'needed' }
  await here.server.admin.dataSources.setMember({ params: { id, userId }, body })
  assert.equal((await compare(here)).location, 'roleChanged')
  assert.equal(instanceOf(here).grants.size, 1)

  await setRole(account.locationRole)
  assert.equal((await compare(here)).location, 'equal')
  assert.equal((await statusOf(here)).status, 'enabled')
  await until('bob too', () => instanceOf(here).grants.size === 2)
  await quiet(here)
  await assertAsEntitled(here)
})

test('Identity Center dissociated: told where its people have grants, until it is associated again', async t => {
  const here = await lake(t)
  const { account, server } = here
  const center = server.sandbox.makeIdentityCenter(account.accountId, account.region)
  const { owner, accountId: AccountId } = account
  const associate = () =>
    owner.s3Control.send(
      new AssociateAccessGrantsIdentityCenterCommand({ AccountId, IdentityCenterArn: center.instanceArn }),
    )
  await associate()
  await here.start()
  await settled(here, 'ann')
  assert.equal((await compare(here)).identityCenter, 'equal')
  const dissociate = () => owner.s3Control.send(new DissociateAccessGrantsIdentityCenterCommand({ AccountId }))
  await dissociate()
  assert.equal((await compare(here)).identityCenter, 'none', 'nobody has a grant that hangs on it')
  await associate()
  await compare(here)

  const { UserId: identifier = '' } = await owner.identityStore.send(
    new CreateDirectoryUserCommand({
      IdentityStoreId: center.identityStoreId,
      UserName: 'ann',
      DisplayName: 'Ann',
      Name: { GivenName: 'Ann', FamilyName: 'Lee' },
      Emails: [{ Value: 'ann@example.com', Primary: true }],
    }),
  )
  const [row] = await grants(here, { state: 'active' })
  const body = [{ kind: 'identityCenterUser' as const, identifier }]
  await server.admin.users.setPrincipals({ params: { id: row?.user.id ?? 0 }, body })
  await until('the grant of the person', async () => {
    const [active] = await grants(here, { state: 'active' })
    return active?.grantee.type === 'DIRECTORY_USER'
  })
  await age(here)
  await dissociate()
  const report = await compare(here)
  assert.deepEqual([report.identityCenter, found(report)], ['missing', ['identityCenter stop']])
  assert.match((await statusOf(here)).message, /associate it again/)
  await associate()
  assert.equal((await compare(here)).identityCenter, 'equal')
  assert.equal((await statusOf(here)).status, 'enabled')
})

test('nested integrations of one account share one listing, and each is told of its own grants', async t => {
  const here = await lake(t)
  await here.start()
  await settled(here, 'ann', 'bob')
  const { admin, sandbox } = here.server
  const config = { name: 'inside', awsLocationPath: 's3://research-data/inside' }
  const { id: inside } = await admin.integrations.create({ body: integrationBody(here.account, config) })
  await here.server.world.background.idle()
  const body = {
    type: 'Native S3' as const,
    integrationId: inside,
    dataSources: [{ dataSourceName: 'inside', prefix: 'data/*', allowOverlap: true }],
  }
  const [source] = await admin.nativeS3.register({ body })
  const userId = await person(here, 'cy')
  const params = { id: source?.dataSourceId ?? 0, userId }
  await admin.dataSources.setMember({ params, body: { level: 'READ', reason: 'needed' } })
  await until('three', () => instanceOf(here).grants.size === 3)
  await quiet(here)
  await age(here)
  await createByHand(here, 'cy', { prefix: 'inside/other/*' })
  await deleteByHand(here, grantOf(here, 'ann').id)

  const before = sandbox.calls()['s3control.ListAccessGrants'] ?? 0
  assert.equal(told(await compare(here)), '3 checked, 1 equal, 1 missing, 1 foreign')
  assert.equal((sandbox.calls()['s3control.ListAccessGrants'] ?? 0) - before >= 1, true)
  const drift = await admin.drift.read({ params: { id: inside } })
  assert.equal(drift.latest && told(drift.latest), '1 checked, 1 equal')
  assert.deepEqual((await admin.drift.foreign({ params: { id: inside } })).items, [])
  assert.equal(drift.total, 1, 'one comparison for both')
  await until('made again', () => instanceOf(here).grants.size === 4)
})
