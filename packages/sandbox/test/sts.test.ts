import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  GetUserCommand,
  ListRolesCommand,
  ListUsersCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { CreateUserCommand as CreateDirectoryUserCommand } from '@aws-sdk/client-identitystore'
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
} from '@aws-sdk/client-sts'
import { findCredentials } from '../src/caller.ts'
import type { Sandbox } from '../src/index.ts'
import { type Clients, clientsOf, keysOf, policyText } from './aws-clients.ts'
import { ACCOUNT, type Keys, REGION, refusal, startTestSandbox } from './world.ts'

const OTHER = '444455556666'
const mayAssume = policyText({ Effect: 'Allow', Action: 'sts:*', Resource: '*' })
const trusts = (AWS: string, more: object = {}) =>
  policyText({ Effect: 'Allow', Principal: { AWS }, Action: ['sts:AssumeRole', 'sts:TagSession'], ...more })

let now = Date.now()
let sandbox: Sandbox
let admin: Clients
let ann: Clients
let annArn: string

before(async () => {
  const started = await startTestSandbox({ now: () => now })
  sandbox = started.sandbox
  admin = clientsOf(sandbox, started.admin)
  const made = await makeUser(admin, 'ann', mayAssume)
  ann = clientsOf(sandbox, made.keys)
  annArn = made.arn
})
after(() => sandbox.close())

async function makeUser({ iam }: Clients, UserName: string, policy?: string): Promise<{ arn: string; keys: Keys }> {
  const { User } = await iam.send(new CreateUserCommand({ UserName }))
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }))
  if (policy) await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument: policy }))
  return {
    arn: User?.Arn ?? '',
    keys: { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' },
  }
}

async function makeRole(
  { iam }: Clients,
  RoleName: string,
  trust: string,
  MaxSessionDuration?: number,
): Promise<string> {
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: trust,
      ...(MaxSessionDuration ? { MaxSessionDuration } : {}),
    }),
  )
  const PolicyDocument = policyText({ Effect: 'Allow', Action: ['iam:List*', 'sts:*'], Resource: '*' })
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }))
  return Role?.Arn ?? ''
}

const assume = (as: Clients, RoleArn: string, more: Partial<AssumeRoleCommandInput> = {}) =>
  as.sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'today', ...more }))

describe('GetCallerIdentity', () => {
  test('tells a user who they are, without any permission', async () => {
    const bob = await makeUser(admin, 'bob')
    const { Account, Arn, UserId } = await clientsOf(sandbox, bob.keys).sts.send(new GetCallerIdentityCommand())
    assert.deepEqual([Account, Arn], [ACCOUNT, `arn:aws:iam::${ACCOUNT}:user/bob`])
    assert.match(UserId ?? '', /^AIDA[A-Z2-7]{17}$/)
  })

  test('a wrong secret is refused', async () => {
    const { keys } = await makeUser(admin, 'eve')
    const { sts } = clientsOf(sandbox, { ...keys, secretAccessKey: 'guess' })
    assert.equal((await refusal(sts.send(new GetCallerIdentityCommand()))).name, 'SignatureDoesNotMatch')
  })
})

describe('AssumeRole', () => {
  test('a trusted user becomes a session of the role', async () => {
    const role = await makeRole(admin, 'reader', trusts(annArn))
    const answer = await assume(ann, role)
    assert.equal(answer.AssumedRoleUser?.Arn, `arn:aws:sts::${ACCOUNT}:assumed-role/reader/today`)
    assert.match(answer.AssumedRoleUser?.AssumedRoleId ?? '', /^AROA[A-Z2-7]{17}:today$/)
    assert.equal(answer.Credentials?.Expiration?.getTime(), Math.floor((now + 3_600_000) / 1000) * 1000)
    const session = clientsOf(sandbox, keysOf(answer))
    const identity = await session.sts.send(new GetCallerIdentityCommand())
    assert.equal(identity.Arn, answer.AssumedRoleUser?.Arn)
    await session.iam.send(new ListRolesCommand())
  })

  test('an untrusted user is refused by the trust policy', async () => {
    const role = await makeRole(admin, 'closed', trusts(`arn:aws:iam::${ACCOUNT}:user/sandbox-administrator`))
    const { name, status, message } = await refusal(assume(ann, role))
    assert.deepEqual([name, status], ['AccessDenied', 403])
    assert.equal(
      message,
      `User: ${annArn} is not authorized to perform: sts:AssumeRole on resource: ${role} because no role trust policy allows the sts:AssumeRole action`,
    )
  })

  test('trust in the account still needs the user to be allowed', async () => {
    const role = await makeRole(admin, 'for-the-account', trusts(ACCOUNT))
    const carl = clientsOf(sandbox, (await makeUser(admin, 'carl')).keys)
    assert.match((await refusal(assume(carl, role))).message, /because no identity-based policy allows/)
    await assume(ann, role)
  })

  test('a role that is not there is refused, not reported', async () => {
    const { name } = await refusal(assume(ann, `arn:aws:iam::${ACCOUNT}:role/nowhere`))
    assert.equal(name, 'AccessDenied')
  })

  test('across accounts the external id must be right', async () => {
    const other = clientsOf(sandbox, sandbox.makeAccount(OTHER))
    const role = await makeRole(
      other,
      'controller',
      trusts(ACCOUNT, { Condition: { StringEquals: { 'sts:ExternalId': 'tenant-7' } } }),
    )
    assert.equal((await refusal(assume(ann, role))).name, 'AccessDenied')
    assert.equal((await refusal(assume(ann, role, { ExternalId: 'tenant-8' }))).name, 'AccessDenied')
    const session = clientsOf(sandbox, keysOf(await assume(ann, role, { ExternalId: 'tenant-7' })))
    assert.equal((await session.sts.send(new GetCallerIdentityCommand())).Account, OTHER)
  })

  test('a session policy narrows the role, in its own words', async () => {
    const role = await makeRole(admin, 'narrowed', trusts(annArn))
    const Policy = policyText({ Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*' })
    const answer = await assume(ann, role, { Policy })
    assert.ok((answer.PackedPolicySize ?? 0) > 0)
    const { iam } = clientsOf(sandbox, keysOf(answer))
    await iam.send(new ListUsersCommand())
    assert.match(
      (await refusal(iam.send(new ListRolesCommand()))).message,
      /because no session policy allows the iam:ListRoles action/,
    )
  })

  test('a session lasts no longer than the role allows, nor than its expiry', async () => {
    const role = await makeRole(admin, 'long', trusts(annArn), 7200)
    assert.equal((await refusal(assume(ann, role, { DurationSeconds: 7201 }))).name, 'ValidationError')
    assert.equal((await refusal(assume(ann, role, { DurationSeconds: 899 }))).name, 'ValidationError')
    const keys = keysOf(await assume(ann, role, { DurationSeconds: 7200 }))
    const before = now
    now += 7200 * 1000
    assert.equal('flaw' in findCredentials(sandbox.state, keys.accessKeyId, keys.sessionToken, now - 1), false)
    assert.deepEqual(findCredentials(sandbox.state, keys.accessKeyId, keys.sessionToken, now), { flaw: 'expired' })
    now = before
  })

  test('a role assumed by a session lasts an hour at most', async () => {
    const first = await makeRole(admin, 'first-link', trusts(annArn))
    const second = await makeRole(admin, 'second-link', trusts(ACCOUNT), 7200)
    const session = clientsOf(sandbox, keysOf(await assume(ann, first)))
    assert.match((await refusal(assume(session, second, { DurationSeconds: 7200 }))).message, /role chaining/)
    await assume(session, second)
  })

  test('session tags and source identity are actions of their own', async () => {
    const role = await makeRole(admin, 'tagged', trusts(annArn))
    const Tags = [{ Key: 'team', Value: 'sales' }]
    const { accessKeyId, sessionToken } = keysOf(await assume(ann, role, { Tags }))
    const found = findCredentials(sandbox.state, accessKeyId, sessionToken, now)
    assert.equal('caller' in found && found.caller.tags?.get('team'), 'sales')
    const { message } = await refusal(assume(ann, role, { SourceIdentity: 'ann' }))
    assert.match(message, /not authorized to perform: sts:SetSourceIdentity/)
  })

  test('bad input is named', async () => {
    const role = await makeRole(admin, 'strict', trusts(annArn))
    assert.equal((await refusal(assume(ann, role, { RoleSessionName: 'a b' }))).name, 'ValidationError')
    assert.equal(
      (await refusal(assume(ann, role, { Policy: '{"Statement":' }))).name,
      'MalformedPolicyDocumentException',
    )
    assert.equal((await refusal(assume(ann, role, { Policy: 'x'.repeat(2049) }))).name, 'ValidationError')
    assert.equal((await refusal(assume(ann, 'reader'))).name, 'ValidationError')
  })

  test('a role made a moment ago is not yet assumable while propagation takes time', async () => {
    const role = await makeRole(admin, 'fresh', trusts(annArn))
    sandbox.faults.set({ propagation: { role: 5000 } })
    assert.equal((await refusal(assume(ann, role))).name, 'AccessDenied')
    const before = now
    now += 5000
    await assume(ann, role)
    now = before
    sandbox.faults.set({ propagation: { role: 0 } })
  })
})

describe('identity-enhanced sessions', () => {
  const provider = 'arn:aws:iam::aws:contextProvider/IdentityCenter'
  const trust = (Action: string[]) => policyText({ Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action })

  async function assertionFor(
    UserName: string,
  ): Promise<{ assertion: string; userId: string; identityStoreId: string }> {
    const { identityStoreId } = sandbox.makeIdentityCenter(ACCOUNT, REGION)
    const { UserId: userId = '' } = await admin.store.send(
      new CreateDirectoryUserCommand({
        IdentityStoreId: identityStoreId,
        UserName,
        DisplayName: UserName,
        Name: { GivenName: UserName, FamilyName: 'Example' },
      }),
    )
    const answer = await fetch(`${sandbox.url}/_sandbox/identity-context`, {
      method: 'POST',
      body: JSON.stringify({ identityStoreId, userId }),
    })
    const { contextAssertion } = (await answer.json()) as { contextAssertion: string }
    return { assertion: contextAssertion, userId, identityStoreId }
  }

  test('a context assertion makes the session speak for its user', async () => {
    const role = await makeRole(admin, 'enhanced', trust(['sts:AssumeRole', 'sts:SetContext']))
    const { assertion, userId, identityStoreId } = await assertionFor('dora')
    const ProvidedContexts = [{ ProviderArn: provider, ContextAssertion: assertion }]
    const { accessKeyId, sessionToken } = keysOf(await assume(ann, role, { ProvidedContexts }))
    const found = findCredentials(sandbox.state, accessKeyId, sessionToken, now)
    assert.deepEqual('caller' in found && found.caller.identityCenter, { identityStoreId, userId })
  })

  test('a role that does not trust with sts:SetContext is refused', async () => {
    const role = await makeRole(admin, 'plain', trust(['sts:AssumeRole']))
    const { assertion } = await assertionFor('emil')
    const ProvidedContexts = [{ ProviderArn: provider, ContextAssertion: assertion }]
    assert.match((await refusal(assume(ann, role, { ProvidedContexts }))).message, /sts:SetContext/)
  })

  test('an assertion that was altered, or is an hour old, is refused', async () => {
    const role = await makeRole(admin, 'suspicious', trust(['sts:AssumeRole', 'sts:SetContext']))
    const { assertion } = await assertionFor('fred')
    const [claims = '', signature = ''] = assertion.split('.')
    const forged = Buffer.from(claims, 'base64url')
      .toString('utf8')
      .replace(/"expiresAt":\d/, '"expiresAt":9')
    const attempts = [`${Buffer.from(forged).toString('base64url')}.${signature}`, 'nonsense', assertion]
    const before = now
    for (const ContextAssertion of attempts) {
      if (ContextAssertion === assertion) now += 3_600_000
      const ProvidedContexts = [{ ProviderArn: provider, ContextAssertion }]
      // The client signs by the machine's clock; the sandbox's own skew makes up for the moved one.
      sandbox.faults.set({ clockSkewMs: before - now })
      assert.equal((await refusal(assume(ann, role, { ProvidedContexts }))).name, 'ValidationError')
    }
    now = before
    sandbox.faults.set({ clockSkewMs: 0 })
  })
})

describe('GetSessionToken', () => {
  test('gives a user temporary credentials with the same permissions, once', async () => {
    const bert = await makeUser(admin, 'bert', policyText({ Effect: 'Allow', Action: 'iam:GetUser', Resource: '*' }))
    const answer = await clientsOf(sandbox, bert.keys).sts.send(new GetSessionTokenCommand({ DurationSeconds: 900 }))
    const session = clientsOf(sandbox, keysOf(answer))
    assert.equal((await session.sts.send(new GetCallerIdentityCommand())).Arn, bert.arn)
    assert.equal((await session.iam.send(new GetUserCommand())).User?.UserName, 'bert')
    assert.equal((await refusal(session.sts.send(new GetSessionTokenCommand()))).name, 'AccessDenied')
  })

  test('the session token must come along', async () => {
    const { accessKeyId, secretAccessKey } = keysOf(await ann.sts.send(new GetSessionTokenCommand()))
    const { sts } = clientsOf(sandbox, { accessKeyId, secretAccessKey })
    assert.equal((await refusal(sts.send(new GetCallerIdentityCommand()))).name, 'InvalidClientTokenId')
  })
})
