/** What AWS says of principals, end to end: a role made anew, and one of another account. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { CreateRoleCommand, DeleteRoleCommand } from '@aws-sdk/client-iam'
import {
  DeleteAccessGrantsInstanceResourcePolicyCommand,
  PutAccessGrantsInstanceResourcePolicyCommand,
} from '@aws-sdk/client-s3-control'
import { sql } from 'kysely'
import { hastenChecks, takeDuePrincipals } from '../../src/db/principal-check.ts'
import { checkPrincipals, checkVending } from '../../src/directory/check-principals.ts'
import { prepareAccount, trust } from '../support/aws-account.ts'
import { refuses } from '../support/refuses.ts'
import { inAws, type Lake, lake, quiet, register } from './reconcile-world.ts'

const scope = 's3://research-data/finance/*'

async function opened(t: TestContext): Promise<Lake> {
  const here = await lake(t)
  await here.start()
  await register(here, scope)
  const body = {
    name: 'all',
    kind: 'grant',
    level: 'READ',
    who: { everyone: true },
    appliesTo: { everything: true },
  } as const
  await here.server.admin.policies.create({ body: { ...body, state: 'active' } })
  return here
}

async function mapped({ server }: Lake, identifier: string, userid = 'ann') {
  const { id } = await server.admin.users.create({ body: { userid, name: userid } })
  await server.admin.users.setPrincipals({ params: { id }, body: [{ kind: 'iamRole', identifier }] })
  return id
}

const makeRole = async ({ account }: Lake, RoleName: string) => {
  const { Role } = await account.owner.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }))
  return Role?.Arn ?? ''
}

test('a role made anew under its ARN loses its grants until a user admin confirms it', async t => {
  const here = await opened(t)
  const { admin } = here.server
  const id = await mapped(here, await makeRole(here, 'ann'))
  await quiet(here)
  assert.deepEqual(inAws(here), [`READ ann ${scope}`])

  await here.account.owner.iam.send(new DeleteRoleCommand({ RoleName: 'ann' }))
  const gone = await admin.principals.check({ params: { id } })
  assert.match(gone.principals[0]?.warning ?? '', /AWS does not know/)
  await quiet(here)
  assert.deepEqual(inAws(here), [`READ ann ${scope}`], 'it may be made again, as it was or otherwise')

  await makeRole(here, 'ann')
  const { kysely } = here.server.db
  await hastenChecks(kysely, here.account.accountId, 0)
  assert.equal(await checkPrincipals(here.server.world, await takeDuePrincipals(kysely, 10, 60_000)), 1)
  await quiet(here)
  assert.deepEqual(inAws(here), [])
  const user = await admin.users.get({ params: { id } })
  assert.match(user.warnings.join(), /is another principal by now \(it was AROA\w+, AWS says AROA\w+\)/)
  const { integrations } = await admin.principals.read({ params: { id } })
  assert.deepEqual([integrations[0]?.status, integrations[0]?.why], ['unmapped', 'anotherPrincipal'])
  const access = await admin.users.access({ params: { id } })
  assert.match(access.items[0]?.provisioning.message ?? '', /AWS has another principal under the name/)

  const { principals } = await admin.principals.confirm({ params: { id }, body: {} })
  assert.equal(principals[0]?.waitingUniqueId, undefined)
  await quiet(here)
  assert.deepEqual(inAws(here), [`READ ann ${scope}`])
  await refuses(admin.principals.confirm({ params: { id }, body: {} }), 'principal-not-waiting', 409)
  const { rows } = await sql<{ type: string }>`
    select event::jsonb #>> '{auditPayload,type}' as type from audit_event
    where event::jsonb #>> '{auditPayload,type}' like 'Principal%' order by sequence`.execute(kysely)
  assert.deepEqual(
    rows.map(({ type }) => type),
    ['PrincipalsChanged', 'PrincipalFoundAnother', 'PrincipalConfirmed'],
  )
})

test('mapping the same once more accepts it too, but never before anybody was told', async t => {
  const here = await opened(t)
  const { admin } = here.server
  const identifier = await makeRole(here, 'ann')
  const id = await mapped(here, identifier)
  await here.account.owner.iam.send(new DeleteRoleCommand({ RoleName: 'ann' }))
  await makeRole(here, 'ann')
  const again = () => admin.users.setPrincipals({ params: { id }, body: [{ kind: 'iamRole', identifier }] })
  assert.match((await again()).warnings.join(), /is another principal by now/)
  await quiet(here)
  assert.deepEqual(inAws(here), [])
  assert.deepEqual((await again()).warnings, [])
  await quiet(here)
  assert.deepEqual(inAws(here), [`READ ann ${scope}`])
})

test('a role of another account is granted something only while the instance lets it vend', async t => {
  const here = await opened(t)
  const { admin, world } = here.server
  const other = await prepareAccount(here.server.sandbox, { accountId: '444455556666', bucket: 'elsewhere' })
  const { Role } = await other.owner.iam.send(
    new CreateRoleCommand({ RoleName: 'eve', AssumeRolePolicyDocument: trust }),
  )
  const id = await mapped(here, Role?.Arn ?? '', 'eve')
  const where = async () => (await admin.principals.read({ params: { id } })).integrations[0]
  await quiet(here)
  assert.deepEqual(inAws(here), [])
  assert.equal((await where())?.why, 'otherAccount')
  assert.match((await where())?.reason ?? '', /has no resource policy that lets that account vend/)
  const { items } = await admin.users.access({ params: { id } })
  assert.match(items[0]?.provisioning.message ?? '', /is in another account/)

  const { s3Control, accountId } = here.account.owner
  const put = (Action: string) => {
    const Resource = `arn:aws:s3:us-east-1:${accountId}:access-grants/default`
    const Statement = { Effect: 'Allow', Principal: { AWS: other.accountId }, Action, Resource }
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
    return s3Control.send(new PutAccessGrantsInstanceResourcePolicyCommand({ AccountId: accountId, Policy }))
  }
  await put('s3:ListAccessGrants')
  await checkVending(world, 0)
  await quiet(here)
  assert.deepEqual(inAws(here), [])
  assert.match((await where())?.reason ?? '', /its resource policy has to allow `s3:GetDataAccess`/)

  await put('s3:GetDataAccess')
  await admin.principals.check({ params: { id } })
  await quiet(here)
  assert.deepEqual(inAws(here), [`READ eve ${scope}`])
  assert.equal((await where())?.status, 'mapped')

  // Whoever comes later into an account that is let in is served at once.
  await mapped(here, `arn:aws:iam::${other.accountId}:role/late`, 'late')
  const { rows } = await sql<{ vends: string[] }>`select vends_to as vends from integration`.execute(
    here.server.db.kysely,
  )
  assert.deepEqual(rows[0]?.vends, [other.accountId])

  await s3Control.send(new DeleteAccessGrantsInstanceResourcePolicyCommand({ AccountId: accountId }))
  await checkVending(world, 0)
  await quiet(here)
  assert.deepEqual(inAws(here), [])
})
