import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as iam from '@aws-sdk/client-iam'
import { AssumeRoleCommand } from '@aws-sdk/client-sts'
import type { Sandbox } from '../src/index.ts'
import { type Clients, clientsOf, keysOf, policyText } from './aws-clients.ts'
import { ACCOUNT, refusal, startTestSandbox } from './world.ts'

let sandbox: Sandbox
let clients: Clients
let admin: iam.IAMClient

before(async () => {
  const started = await startTestSandbox()
  sandbox = started.sandbox
  clients = clientsOf(sandbox, started.admin)
  admin = clients.iam
})
after(() => sandbox.close())

const reads = policyText({ Effect: 'Allow', Action: 'iam:GetUser', Resource: '*' })
const trust = policyText({ Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' })

const makeUser = (UserName: string) => admin.send(new iam.CreateUserCommand({ UserName }))
const makeRole = (RoleName: string) =>
  admin.send(new iam.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }))
const makePolicy = async (PolicyName: string, PolicyDocument = reads): Promise<string> =>
  (await admin.send(new iam.CreatePolicyCommand({ PolicyName, PolicyDocument }))).Policy?.Arn ?? ''

async function keyOf(UserName: string): Promise<{ client: Clients; id: string }> {
  const { AccessKey } = await admin.send(new iam.CreateAccessKeyCommand({ UserName }))
  const id = AccessKey?.AccessKeyId ?? ''
  return { id, client: clientsOf(sandbox, { accessKeyId: id, secretAccessKey: AccessKey?.SecretAccessKey ?? '' }) }
}

describe('users', () => {
  test('a user has its path, ARN, unique id and tags', async () => {
    const command = { UserName: 'ann', Path: '/analysts/', Tags: [{ Key: 'team', Value: 'sales & more' }] }
    await admin.send(new iam.CreateUserCommand(command))
    const { User } = await admin.send(new iam.GetUserCommand({ UserName: 'ann' }))
    assert.equal(User?.Arn, `arn:aws:iam::${ACCOUNT}:user/analysts/ann`)
    assert.equal(User?.Path, '/analysts/')
    assert.match(User?.UserId ?? '', /^AIDA[A-Z2-7]{17}$/)
    assert.deepEqual(User?.Tags, command.Tags)
  })

  test('GetUser without a name is about the caller', async () => {
    assert.equal((await admin.send(new iam.GetUserCommand())).User?.UserName, 'sandbox-administrator')
  })

  test('a name is given once', async () => {
    await makeUser('twin')
    const { name, status } = await refusal(makeUser('twin'))
    assert.deepEqual([name, status], ['EntityAlreadyExistsException', 409])
  })

  test('names are one whatever their case, and the ARN keeps the case that it was made with', async () => {
    await makeUser('Cased')
    assert.equal((await refusal(makeUser('CASED'))).name, 'EntityAlreadyExistsException')
    const { User } = await admin.send(new iam.GetUserCommand({ UserName: 'cased' }))
    assert.equal(User?.Arn, `arn:aws:iam::${ACCOUNT}:user/Cased`)
    await makeRole('Cased')
    assert.equal((await refusal(makeRole('cASED'))).name, 'EntityAlreadyExistsException')
    const { Role } = await admin.send(new iam.GetRoleCommand({ RoleName: 'cASED' }))
    assert.equal(Role?.Arn, `arn:aws:iam::${ACCOUNT}:role/Cased`)
  })

  test('a user that is not there is NoSuchEntity', async () => {
    const { name, status } = await refusal(admin.send(new iam.GetUserCommand({ UserName: 'nobody' })))
    assert.deepEqual([name, status], ['NoSuchEntityException', 404])
  })

  test('a bad name is a ValidationError', async () => {
    assert.equal((await refusal(makeUser('a b'))).name, 'ValidationError')
  })

  test('a user goes only after keys and policies have gone', async () => {
    const UserName = 'leaving'
    await makeUser(UserName)
    const PolicyArn = await makePolicy('for-leaving')
    const remove = () => admin.send(new iam.DeleteUserCommand({ UserName }))
    const { id } = await keyOf(UserName)
    await admin.send(new iam.PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument: reads }))
    await admin.send(new iam.AttachUserPolicyCommand({ UserName, PolicyArn }))
    assert.equal((await refusal(remove())).name, 'DeleteConflictException')
    await admin.send(new iam.DeleteAccessKeyCommand({ UserName, AccessKeyId: id }))
    assert.equal((await refusal(remove())).name, 'DeleteConflictException')
    await admin.send(new iam.DetachUserPolicyCommand({ UserName, PolicyArn }))
    assert.equal((await refusal(remove())).name, 'DeleteConflictException')
    await admin.send(new iam.DeleteUserPolicyCommand({ UserName, PolicyName: 'own' }))
    await remove()
    assert.equal((await refusal(remove())).name, 'NoSuchEntityException')
  })

  test('a long list comes in pages, each user once, under the path asked for', async () => {
    const names = Array.from({ length: 7 }, (_, i) => `paged-${i}`)
    for (const UserName of names) await admin.send(new iam.CreateUserCommand({ UserName, Path: '/paged/' }))
    const seen: (string | undefined)[] = []
    const pages = iam.paginateListUsers({ client: admin, pageSize: 3 }, { PathPrefix: '/paged/' })
    for await (const page of pages) seen.push(...(page.Users ?? []).map(user => user.UserName))
    assert.deepEqual(seen, names)
  })
})

describe('access keys', () => {
  test('a user has two at most, and the list keeps the secret', async () => {
    await makeUser('two-keys')
    await keyOf('two-keys')
    await keyOf('two-keys')
    assert.equal((await refusal(keyOf('two-keys'))).name, 'LimitExceededException')
    const { AccessKeyMetadata } = await admin.send(new iam.ListAccessKeysCommand({ UserName: 'two-keys' }))
    assert.equal(AccessKeyMetadata?.length, 2)
    assert.equal(JSON.stringify(AccessKeyMetadata).includes('Secret'), false)
  })

  test('an inactive key opens nothing until it is active again', async () => {
    await makeUser('paused')
    await admin.send(new iam.PutUserPolicyCommand({ UserName: 'paused', PolicyName: 'own', PolicyDocument: reads }))
    const { id, client } = await keyOf('paused')
    const set = (Status: 'Active' | 'Inactive') =>
      admin.send(new iam.UpdateAccessKeyCommand({ UserName: 'paused', AccessKeyId: id, Status }))
    await client.iam.send(new iam.GetUserCommand())
    await set('Inactive')
    assert.equal((await refusal(client.iam.send(new iam.GetUserCommand()))).name, 'InvalidClientTokenId')
    await set('Active')
    await client.iam.send(new iam.GetUserCommand())
  })
})

describe('roles', () => {
  test('a role has its trust, duration, ARN and unique id', async () => {
    await admin.send(
      new iam.CreateRoleCommand({
        RoleName: 'location',
        Path: '/access-grants/',
        Description: 'reads & writes',
        AssumeRolePolicyDocument: trust,
        MaxSessionDuration: 7200,
      }),
    )
    const { Role } = await admin.send(new iam.GetRoleCommand({ RoleName: 'location' }))
    assert.equal(Role?.Arn, `arn:aws:iam::${ACCOUNT}:role/access-grants/location`)
    assert.match(Role?.RoleId ?? '', /^AROA[A-Z2-7]{17}$/)
    assert.deepEqual([Role?.MaxSessionDuration, Role?.Description], [7200, 'reads & writes'])
    assert.equal(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''), trust)
  })

  test('trust and duration can be changed', async () => {
    const RoleName = 'changing'
    await makeRole(RoleName)
    const other = policyText({
      Effect: 'Allow',
      Principal: { Service: 'access-grants.s3.amazonaws.com' },
      Action: 'sts:AssumeRole',
    })
    await admin.send(new iam.UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: other }))
    await admin.send(new iam.UpdateRoleCommand({ RoleName, MaxSessionDuration: 3601 }))
    const { Role } = await admin.send(new iam.GetRoleCommand({ RoleName }))
    assert.equal(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''), other)
    assert.equal(Role?.MaxSessionDuration, 3601)
    assert.equal(
      (await refusal(admin.send(new iam.UpdateRoleCommand({ RoleName, MaxSessionDuration: 10 })))).name,
      'ValidationError',
    )
  })

  test('a trust policy is checked, to the principals in it', async () => {
    const attempt = (statement: object) =>
      refusal(
        admin.send(new iam.CreateRoleCommand({ RoleName: 'bad', AssumeRolePolicyDocument: policyText(statement) })),
      )
    const broken = await attempt({ Effect: 'Permit', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' })
    assert.equal(broken.name, 'MalformedPolicyDocumentException')
    assert.match(broken.message, /Statement\[0\]\.Effect/)
    const ghost = await attempt({
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/ghost` },
      Action: 'sts:AssumeRole',
    })
    assert.match(ghost.message, /Invalid principal in policy/)
  })

  test('a role goes only after its policies have gone', async () => {
    const RoleName = 'retiring'
    await makeRole(RoleName)
    await admin.send(new iam.PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument: reads }))
    assert.equal((await refusal(admin.send(new iam.DeleteRoleCommand({ RoleName })))).name, 'DeleteConflictException')
    await admin.send(new iam.DeleteRolePolicyCommand({ RoleName, PolicyName: 'own' }))
    await admin.send(new iam.DeleteRoleCommand({ RoleName }))
    assert.equal((await refusal(admin.send(new iam.GetRoleCommand({ RoleName })))).name, 'NoSuchEntityException')
    const { Roles } = await admin.send(new iam.ListRolesCommand())
    assert.equal(
      Roles?.some(role => role.RoleName === RoleName),
      false,
    )
  })
})

describe('inline policies', () => {
  test('are put, read back as written, listed and deleted', async () => {
    const RoleName = 'inline'
    await makeRole(RoleName)
    await admin.send(new iam.PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument: reads }))
    const got = await admin.send(new iam.GetRolePolicyCommand({ RoleName, PolicyName: 'own' }))
    assert.equal(decodeURIComponent(got.PolicyDocument ?? ''), reads)
    assert.deepEqual((await admin.send(new iam.ListRolePoliciesCommand({ RoleName }))).PolicyNames, ['own'])
    await admin.send(new iam.DeleteRolePolicyCommand({ RoleName, PolicyName: 'own' }))
    assert.deepEqual((await admin.send(new iam.ListRolePoliciesCommand({ RoleName }))).PolicyNames, [])
    assert.equal(
      (await refusal(admin.send(new iam.GetRolePolicyCommand({ RoleName, PolicyName: 'own' })))).name,
      'NoSuchEntityException',
    )
  })

  test('a malformed one is refused where it is wrong', async () => {
    await makeUser('careless')
    const PolicyDocument = policyText({ Effect: 'Allow', Action: 'GetUser', Resource: '*' })
    const put = admin.send(new iam.PutUserPolicyCommand({ UserName: 'careless', PolicyName: 'own', PolicyDocument }))
    const { name, message } = await refusal(put)
    assert.equal(name, 'MalformedPolicyDocumentException')
    assert.match(message, /Statement\[0\]\.Action/)
  })

  test('all of a user together have room for 2,048 characters', async () => {
    await makeUser('wordy')
    const put = (PolicyName: string, count: number) => {
      const Resource = Array.from({ length: count }, (_, i) => `arn:aws:s3:::bucket-number-${1000 + i}/*`)
      const PolicyDocument = policyText({ Effect: 'Allow', Action: 's3:GetObject', Resource })
      return admin.send(new iam.PutUserPolicyCommand({ UserName: 'wordy', PolicyName, PolicyDocument }))
    }
    await put('first', 30)
    await put('first', 31)
    assert.equal((await refusal(put('second', 30))).name, 'LimitExceededException')
  })
})

describe('managed policies', () => {
  test('attached, one allows; detached, it no longer does', async () => {
    const UserName = 'attached'
    await makeUser(UserName)
    const PolicyArn = await makePolicy('reads-users')
    const { client } = await keyOf(UserName)
    const ask = () => client.iam.send(new iam.GetUserCommand())
    assert.match((await refusal(ask())).message, /because no identity-based policy allows the iam:GetUser action/)
    await admin.send(new iam.AttachUserPolicyCommand({ UserName, PolicyArn }))
    await ask()
    const { AttachedPolicies } = await admin.send(new iam.ListAttachedUserPoliciesCommand({ UserName }))
    assert.deepEqual(AttachedPolicies, [{ PolicyName: 'reads-users', PolicyArn }])
    assert.equal((await admin.send(new iam.GetPolicyCommand({ PolicyArn }))).Policy?.AttachmentCount, 1)
    assert.equal(
      (await refusal(admin.send(new iam.DeletePolicyCommand({ PolicyArn })))).name,
      'DeleteConflictException',
    )
    await admin.send(new iam.DetachUserPolicyCommand({ UserName, PolicyArn }))
    assert.equal((await refusal(ask())).name, 'AccessDenied')
    await admin.send(new iam.DeletePolicyCommand({ PolicyArn }))
  })

  test('the default version decides', async () => {
    const RoleName = 'versioned'
    await makeRole(RoleName)
    const PolicyArn = await makePolicy('versions')
    await admin.send(new iam.AttachRolePolicyCommand({ RoleName, PolicyArn }))
    const { Role } = await admin.send(new iam.GetRoleCommand({ RoleName }))
    const assumed = await clients.sts.send(new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'now' }))
    const session = clientsOf(sandbox, keysOf(assumed))
    const ask = () => session.iam.send(new iam.GetUserCommand({ UserName: 'sandbox-administrator' }))
    await ask()
    const PolicyDocument = policyText({ Effect: 'Deny', Action: 'iam:GetUser', Resource: '*' })
    const made = await admin.send(new iam.CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault: true }))
    assert.equal(made.PolicyVersion?.VersionId, 'v2')
    assert.match((await refusal(ask())).message, /with an explicit deny in an identity-based policy/)
    const first = await admin.send(new iam.GetPolicyVersionCommand({ PolicyArn, VersionId: 'v1' }))
    assert.equal(decodeURIComponent(first.PolicyVersion?.Document ?? ''), reads)
    assert.equal(first.PolicyVersion?.IsDefaultVersion, false)
  })

  test("AWS's AdministratorAccess can be attached; a policy nobody knows cannot", async () => {
    const UserName = 'almighty'
    await makeUser(UserName)
    const attach = (PolicyArn: string) => admin.send(new iam.AttachUserPolicyCommand({ UserName, PolicyArn }))
    await attach('arn:aws:iam::aws:policy/AdministratorAccess')
    await (await keyOf(UserName)).client.iam.send(new iam.ListUsersCommand())
    assert.equal((await refusal(attach(`arn:aws:iam::${ACCOUNT}:policy/none`))).name, 'NoSuchEntityException')
  })

  test('a boundary caps what policies allow', async () => {
    const UserName = 'bounded'
    await makeUser(UserName)
    const PermissionsBoundary = await makePolicy(
      'only-lists',
      policyText({ Effect: 'Allow', Action: 'iam:List*', Resource: '*' }),
    )
    await admin.send(new iam.AttachUserPolicyCommand({ UserName, PolicyArn: 'arn:aws:iam::aws:policy/IAMFullAccess' }))
    await admin.send(new iam.PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary }))
    const { client } = await keyOf(UserName)
    await client.iam.send(new iam.ListUsersCommand())
    const denied = await refusal(client.iam.send(new iam.GetUserCommand()))
    assert.match(denied.message, /because no permissions boundary allows the iam:GetUser action/)
    assert.equal(
      (await refusal(admin.send(new iam.DeletePolicyCommand({ PolicyArn: PermissionsBoundary })))).name,
      'DeleteConflictException',
    )
    await admin.send(new iam.DeleteUserPermissionsBoundaryCommand({ UserName }))
    await client.iam.send(new iam.GetUserCommand())
  })
})

describe('tags', () => {
  test('are set, listed, removed, and are principal tags in policies', async () => {
    const UserName = 'labelled'
    await makeUser(UserName)
    const PolicyDocument = policyText({
      Effect: 'Allow',
      Action: 'iam:GetUser',
      Resource: '*',
      Condition: { StringEquals: { 'aws:PrincipalTag/team': 'sales' } },
    })
    await admin.send(new iam.PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument }))
    const { client } = await keyOf(UserName)
    assert.equal((await refusal(client.iam.send(new iam.GetUserCommand()))).name, 'AccessDenied')
    await admin.send(new iam.TagUserCommand({ UserName, Tags: [{ Key: 'team', Value: 'sales' }] }))
    await client.iam.send(new iam.GetUserCommand())
    assert.deepEqual((await admin.send(new iam.ListUserTagsCommand({ UserName }))).Tags, [
      { Key: 'team', Value: 'sales' },
    ])
    await admin.send(new iam.UntagUserCommand({ UserName, TagKeys: ['team'] }))
    assert.equal((await refusal(client.iam.send(new iam.GetUserCommand()))).name, 'AccessDenied')
  })
})

describe('SimulatePrincipalPolicy', () => {
  const simulate = async (RoleName: string, ActionNames: string[], resource: string, prefix?: string) => {
    const { Role } = await admin.send(new iam.GetRoleCommand({ RoleName }))
    const { EvaluationResults = [] } = await admin.send(
      new iam.SimulatePrincipalPolicyCommand({
        PolicySourceArn: Role?.Arn,
        ActionNames,
        ResourceArns: [resource],
        ...(prefix === undefined
          ? {}
          : {
              ContextEntries: [{ ContextKeyName: 's3:prefix', ContextKeyType: 'string', ContextKeyValues: [prefix] }],
            }),
      }),
    )
    return EvaluationResults
  }

  test('answers as the request itself would be answered, context included', async () => {
    const RoleName = 'simulated'
    await makeRole(RoleName)
    const PolicyDocument = policyText(
      {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: '*',
        Condition: { StringLike: { 's3:prefix': 'sales/*' } },
      },
      { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::lake/*' },
      { Effect: 'Deny', Action: 's3:DeleteObject', Resource: '*' },
    )
    await admin.send(new iam.PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }))
    const decisions = await simulate(
      RoleName,
      ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
      'arn:aws:s3:::lake/x',
    )
    assert.deepEqual(
      decisions.map(result => result.EvalDecision),
      ['allowed', 'implicitDeny', 'explicitDeny'],
    )
    assert.deepEqual(decisions[0]?.MatchedStatements?.[0], { SourcePolicyId: 'own', SourcePolicyType: 'role' })
    const [blind] = await simulate(RoleName, ['s3:ListBucket'], 'arn:aws:s3:::lake')
    assert.deepEqual([blind?.EvalDecision, blind?.MissingContextValues], ['implicitDeny', ['s3:prefix']])
    const [told] = await simulate(RoleName, ['s3:ListBucket'], 'arn:aws:s3:::lake', 'sales/2026')
    assert.equal(told?.EvalDecision, 'allowed')
  })

  test('of nobody is NoSuchEntity', async () => {
    const PolicySourceArn = `arn:aws:iam::${ACCOUNT}:role/nobody`
    const command = new iam.SimulatePrincipalPolicyCommand({ PolicySourceArn, ActionNames: ['s3:GetObject'] })
    assert.equal((await refusal(admin.send(command))).name, 'NoSuchEntityException')
  })
})

test('an operation the sandbox does not have is refused by name', async () => {
  const { name, message } = await refusal(admin.send(new iam.ListVirtualMFADevicesCommand()))
  assert.equal(name, 'InvalidAction')
  assert.match(message, /ListVirtualMFADevices/)
})
