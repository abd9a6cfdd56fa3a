import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as iam from '@aws-sdk/client-iam'
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import type { Sandbox } from '../src/index.ts'
import { type Clients, clientsOf, policyText } from './aws-clients.ts'
import { ACCOUNT, putRole, putSession, putUser, refusal, startTestSandbox } from './world.ts'

let sandbox: Sandbox
let admin: Clients

before(async () => {
  const started = await startTestSandbox()
  sandbox = started.sandbox
  admin = clientsOf(sandbox, started.admin)
})
after(() => sandbox.close())

const reads = policyText({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' })

test('an account tells every user, role and policy with all that hangs on it, in pages', async () => {
  const { Policy } = await admin.iam.send(new iam.CreatePolicyCommand({ PolicyName: 'reads', PolicyDocument: reads }))
  await admin.iam.send(new iam.CreatePolicyVersionCommand({ PolicyArn: Policy?.Arn, PolicyDocument: reads }))
  for (const UserName of ['ann', 'bob']) await admin.iam.send(new iam.CreateUserCommand({ UserName }))
  await admin.iam.send(new iam.PutUserPolicyCommand({ UserName: 'ann', PolicyName: 'own', PolicyDocument: reads }))
  await admin.iam.send(new iam.AttachUserPolicyCommand({ UserName: 'ann', PolicyArn: Policy?.Arn }))
  putRole(sandbox, 'analyst')

  const users: iam.UserDetail[] = []
  const roles: iam.RoleDetail[] = []
  const policies: iam.ManagedPolicyDetail[] = []
  let Marker: string | undefined
  do {
    const page = await admin.iam.send(new iam.GetAccountAuthorizationDetailsCommand({ MaxItems: 1, Marker }))
    users.push(...(page.UserDetailList ?? []))
    roles.push(...(page.RoleDetailList ?? []))
    policies.push(...(page.Policies ?? []))
    Marker = page.Marker
  } while (Marker !== undefined)
  const ann = users.find(user => user.UserName === 'ann')
  assert.deepEqual(ann?.AttachedManagedPolicies, [{ PolicyName: 'reads', PolicyArn: Policy?.Arn }])
  assert.deepEqual(ann?.UserPolicyList, [{ PolicyName: 'own', PolicyDocument: encodeURIComponent(reads) }])
  assert.deepEqual(users.map(user => user.UserName).sort(), ['ann', 'bob', 'sandbox-administrator'])
  assert.match(decodeURIComponent(roles[0]?.AssumeRolePolicyDocument ?? ''), /access-grants\.s3\.amazonaws\.com/)
  assert.deepEqual(
    roles.map(role => role.RoleName),
    ['analyst'],
  )
  assert.deepEqual(
    policies[0]?.PolicyVersionList?.map(one => [one.VersionId, one.IsDefaultVersion]),
    [
      ['v1', true],
      ['v2', false],
    ],
  )
})

test('only what the filter names is told', async () => {
  const page = await admin.iam.send(new iam.GetAccountAuthorizationDetailsCommand({ Filter: ['Role'] }))
  assert.deepEqual([page.UserDetailList?.length, page.RoleDetailList?.length, page.Policies?.length], [0, 1, 0])
})

test('those without permission are told nothing', async () => {
  const { keys } = putUser(sandbox, 'outsider', reads)
  const ask = clientsOf(sandbox, keys).iam.send(new iam.GetAccountAuthorizationDetailsCommand({}))
  assert.match((await refusal(ask)).message, /iam:GetAccountAuthorizationDetails/)
})

test('sessions that ended long ago are forgotten, those that just ended are told so', async () => {
  const trust = policyText({ Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' })
  const role = putRole(sandbox, 'often', { trustPolicy: trust })
  const hour = 3_600_000
  for (let i = 0; i < 998; i++) putSession(sandbox, role, { expiresAt: Date.now() - 25 * hour })
  const ended = putSession(sandbox, role, { expiresAt: Date.now() - hour })
  await admin.sts.send(new AssumeRoleCommand({ RoleArn: role.arn, RoleSessionName: 'again' }))
  assert.equal(sandbox.state.sessions.size, 2)
  const who = clientsOf(sandbox, ended).sts.send(new GetCallerIdentityCommand({}))
  assert.equal((await refusal(who)).name, 'ExpiredToken')
})

test('an account tells how many roles and users it has, and how many it may have', async () => {
  const { SummaryMap: before = {} } = await admin.iam.send(new iam.GetAccountSummaryCommand())
  putRole(sandbox, 'counted')
  const { SummaryMap: after = {} } = await admin.iam.send(new iam.GetAccountSummaryCommand())
  assert.equal(after.Roles, (before.Roles ?? 0) + 1)
  assert.deepEqual([after.RolesQuota, after.UsersQuota], [1000, 5000])
})
