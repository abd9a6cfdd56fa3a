import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import {
  AssociateAccessGrantsIdentityCenterCommand,
  CreateAccessGrantCommand,
  type CreateAccessGrantCommandInput,
  CreateAccessGrantsInstanceCommand,
  CreateAccessGrantsLocationCommand,
  DeleteAccessGrantCommand,
  GetAccessGrantsInstanceForPrefixCommand,
  GetDataAccessCommand,
  type GetDataAccessCommandInput,
  type GetDataAccessCommandOutput,
  ListCallerAccessGrantsCommand,
  PutAccessGrantsInstanceResourcePolicyCommand,
  type S3ControlClient,
} from '@aws-sdk/client-s3-control'
import type { Bootstrap, Sandbox } from '../src/index.ts'
import type { IamRole } from '../src/state.ts'
import {
  ACCOUNT,
  ALLOW_ALL,
  controlClient,
  type Keys,
  putBucket,
  putRole,
  putSession,
  putUser,
  REGION,
  refusal,
  startTestSandbox,
} from './world.ts'

const of = { AccountId: ACCOUNT }
const INSTANCE_ARN = `arn:aws:s3:${REGION}:${ACCOUNT}:access-grants/default`
const APPLICATION = `arn:aws:sso::${ACCOUNT}:application/ssoins-1/apl-1`

describe('GetDataAccess', () => {
  let sandbox: Sandbox
  let admin: Bootstrap
  let adminClient: S3ControlClient
  let location: IamRole
  let clockMs = Date.now()
  const opened: { destroy(): void }[] = []
  const clientOf = (keys: Keys) => {
    const client = controlClient(sandbox, keys)
    opened.push(client)
    return client
  }
  const s3Of = (vended: GetDataAccessCommandOutput) => {
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = vended.Credentials ?? {}
    const client = new S3Client({
      endpoint: sandbox.url,
      region: REGION,
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
    })
    opened.push(client)
    return client
  }

  before(async () => {
    ;({ sandbox, admin } = await startTestSandbox({ now: () => clockMs }))
    adminClient = clientOf(admin)
    location = putRole(sandbox, 'location')
    putBucket(sandbox, 'lake')
    await adminClient.send(new CreateAccessGrantsInstanceCommand(of))
    const LocationScope = 's3://'
    await adminClient.send(new CreateAccessGrantsLocationCommand({ ...of, LocationScope, IAMRoleArn: location.arn }))
    const admins = s3Of({
      $metadata: {},
      Credentials: { AccessKeyId: admin.accessKeyId, SecretAccessKey: admin.secretAccessKey },
    })
    for (const Key of ['team/a/1.csv', 'team/b/2.csv', 'teamwork/3.csv', 'odd*?$x/4.csv', 'oddly/5.csv']) {
      await admins.send(new PutObjectCommand({ Bucket: 'lake', Key, Body: Key }))
    }
  })
  after(async () => {
    for (const client of opened) client.destroy()
    await sandbox.close()
  })

  const grant = async (
    grantee: string,
    S3SubPrefix: string,
    Permission: 'READ' | 'WRITE' | 'READWRITE' = 'READ',
    more: Partial<CreateAccessGrantCommandInput> = {},
  ) => {
    const type = grantee.startsWith('arn:') ? 'IAM' : 'DIRECTORY_USER'
    const made = await adminClient.send(
      new CreateAccessGrantCommand({
        ...of,
        AccessGrantsLocationId: 'default',
        AccessGrantsLocationConfiguration: { S3SubPrefix },
        Grantee: { GranteeType: type, GranteeIdentifier: grantee },
        Permission,
        ...more,
      }),
    )
    return made.AccessGrantId as string
  }
  const vend = (
    client: S3ControlClient,
    Target: string,
    Permission: 'READ' | 'WRITE' | 'READWRITE' = 'READ',
    more: Partial<GetDataAccessCommandInput> = {},
  ) => client.send(new GetDataAccessCommand({ ...of, Target, Permission, ...more }))
  const refused = async (call: Promise<unknown>, name: string, status: number, message?: string | RegExp) => {
    const error = await refusal(call)
    assert.deepEqual([error.name, error.status], [name, status], error.message)
    if (typeof message === 'string') assert.equal(error.message, message)
    else if (message !== undefined) assert.match(error.message, message)
  }

  it('vends the whole scope of the closest grant and reads nothing beside it', async () => {
    const { user, keys } = putUser(sandbox, 'ann')
    const client = clientOf(keys)
    await refused(
      vend(client, 's3://lake/team/a/*'),
      'AccessDenied',
      403,
      'You do not have READ permissions to the requested S3 Prefix: s3://lake/team/a/*',
    )
    await grant(user.arn, 'lake/team/*')
    await grant(user.arn, 'lake/team/a/*', 'READWRITE')
    const vended = await vend(client, 's3://lake/team/a/1.csv')
    assert.equal(vended.MatchedGrantTarget, 's3://lake/team/a/*')
    assert.deepEqual(vended.Grantee, { GranteeType: 'IAM', GranteeIdentifier: user.arn })
    assert.match(vended.Credentials?.AccessKeyId ?? '', /^ASIA[A-Z2-7]{16}$/)
    assert.equal(vended.Credentials?.Expiration?.getTime(), Math.floor((clockMs + 3_600_000) / 1000) * 1000)

    const s3 = s3Of(vended)
    const read = await s3.send(new GetObjectCommand({ Bucket: 'lake', Key: 'team/a/1.csv' }))
    assert.equal(await read.Body?.transformToString(), 'team/a/1.csv')
    const listed = await s3.send(new ListObjectsV2Command({ Bucket: 'lake', Prefix: 'team/a/' }))
    assert.deepEqual(
      listed.Contents?.map(object => object.Key),
      ['team/a/1.csv'],
    )
    const beyond = /because no session policy allows the s3:/
    await refused(s3.send(new GetObjectCommand({ Bucket: 'lake', Key: 'team/b/2.csv' })), 'AccessDenied', 403, beyond)
    await refused(s3.send(new ListObjectsV2Command({ Bucket: 'lake', Prefix: 'team/' })), 'AccessDenied', 403, beyond)
    // READ was asked for, so READ is what comes, though the grant would give more.
    const write = new PutObjectCommand({ Bucket: 'lake', Key: 'team/a/new', Body: 'x' })
    await refused(s3.send(write), 'AccessDenied', 403, beyond)
    await s3Of(await vend(client, 's3://lake/team/a/*', 'WRITE')).send(write)

    assert.equal((await vend(client, 's3://lake/team/')).MatchedGrantTarget, 's3://lake/team/*')
    await refused(vend(client, 's3://lake/team'), 'AccessDenied', 403)
    await refused(vend(client, 's3://lake/*'), 'AccessDenied', 403)
    await refused(vend(client, 's3://lake/teamwork/*'), 'AccessDenied', 403)
    await refused(vend(client, 's3://lake/team/b/*', 'READWRITE'), 'AccessDenied', 403)
  })

  it('narrows to the target under Minimal privilege', async () => {
    const { user, keys } = putUser(sandbox, 'mini')
    await grant(user.arn, 'lake/*')
    const vended = await vend(clientOf(keys), 's3://lake/team/a/1.csv', 'READ', {
      Privilege: 'Minimal',
      TargetType: 'Object',
    })
    assert.equal(vended.MatchedGrantTarget, 's3://lake/team/a/1.csv')
    const s3 = s3Of(vended)
    await s3.send(new GetObjectCommand({ Bucket: 'lake', Key: 'team/a/1.csv' }))
    await refused(s3.send(new GetObjectCommand({ Bucket: 'lake', Key: 'team/b/2.csv' })), 'AccessDenied', 403)
  })

  it('takes `*`, `?` and `$` in keys for what they are', async () => {
    const { user, keys } = putUser(sandbox, 'odd')
    await grant(user.arn, 'lake/odd*?$x/*')
    const s3 = s3Of(await vend(clientOf(keys), 's3://lake/odd*?$x/*'))
    await s3.send(new GetObjectCommand({ Bucket: 'lake', Key: 'odd*?$x/4.csv' }))
    await refused(s3.send(new GetObjectCommand({ Bucket: 'lake', Key: 'oddly/5.csv' })), 'AccessDenied', 403)
  })

  it('matches an object grant by the whole key only', async () => {
    const { user, keys } = putUser(sandbox, 'obj')
    await grant(user.arn, 'lake/team/a/1.csv', 'READ', { S3PrefixType: 'Object' })
    const client = clientOf(keys)
    assert.equal((await vend(client, 's3://lake/team/a/1.csv')).MatchedGrantTarget, 's3://lake/team/a/1.csv')
    await refused(vend(client, 's3://lake/team/a/1.csv.bak'), 'AccessDenied', 403)
    await refused(vend(client, 's3://lake/team/a/1.csv*'), 'AccessDenied', 403)
  })

  it('knows a role session by its role, path included', async () => {
    const analyst = putRole(sandbox, 'analyst', { path: '/people/deep/' })
    const id = await grant(analyst.arn, 'lake/team/b/*')
    const keys = putSession(sandbox, analyst, { expiresAt: clockMs + 60_000 })
    const client = clientOf(keys)
    assert.equal((await vend(client, 's3://lake/team/b/*')).MatchedGrantTarget, 's3://lake/team/b/*')
    await adminClient.send(new DeleteAccessGrantCommand({ ...of, AccessGrantId: id }))
    await refused(vend(client, 's3://lake/team/b/*'), 'AccessDenied', 403)
    // A READ and a WRITE grant together are not a READWRITE grant, unless the switch says so.
    await grant(analyst.arn, 'lake/team/b/*', 'READ')
    await grant(analyst.arn, 'lake/team/b/*', 'WRITE')
    await refused(vend(client, 's3://lake/team/b/*', 'READWRITE'), 'AccessDenied', 403)
    sandbox.unknowns.readPlusWriteIsReadWrite = true
    await vend(client, 's3://lake/team/b/*', 'READWRITE')
    sandbox.unknowns.readPlusWriteIsReadWrite = false
  })

  it('lets the most restrictive of person, groups and role win, and respects applications', async () => {
    const { instanceArn, identityStoreId } = sandbox.makeIdentityCenter(ACCOUNT, REGION)
    await adminClient.send(new AssociateAccessGrantsIdentityCenterCommand({ ...of, IdentityCenterArn: instanceArn }))
    const userId = crypto.randomUUID()
    const groupId = crypto.randomUUID()
    const store = sandbox.state.identityStores.get(identityStoreId)
    const createdAt = clockMs
    store?.users.set(userId, { userId, createdAt, attributes: {}, memberships: new Map([[groupId, 'm']]) })
    store?.groups.set(groupId, { groupId, createdAt, attributes: {}, members: new Map([[userId, 'm']]) })
    const bridge = putRole(sandbox, 'bridge')
    const identityCenter = { identityStoreId, userId, applicationArn: APPLICATION }
    const client = clientOf(putSession(sandbox, bridge, { expiresAt: clockMs + 60_000, identityCenter }))
    const matched = async () => {
      const { Grantee, MatchedGrantTarget } = await vend(client, 's3://lake/team/a/1.csv')
      return [Grantee?.GranteeType, MatchedGrantTarget]
    }
    const group = { Grantee: { GranteeType: 'DIRECTORY_GROUP', GranteeIdentifier: groupId } } as const
    await grant(groupId, 'lake/*', 'READ', group)
    assert.deepEqual(await matched(), ['DIRECTORY_GROUP', 's3://lake/*'])
    await grant(bridge.arn, 'lake/team/*')
    assert.deepEqual(await matched(), ['IAM', 's3://lake/team/*'])
    const elsewhere = `arn:aws:sso::${ACCOUNT}:application/ssoins-1/apl-2`
    await grant(userId, 'lake/team/a/1.csv', 'READ', { S3PrefixType: 'Object', ApplicationArn: elsewhere })
    assert.deepEqual(await matched(), ['IAM', 's3://lake/team/*'])
    await grant(userId, 'lake/team/a/*', 'READ', { ApplicationArn: APPLICATION })
    assert.deepEqual(await matched(), ['DIRECTORY_USER', 's3://lake/team/a/*'])

    const list = async (more: object = {}) => {
      const listed = await client.send(new ListCallerAccessGrantsCommand({ ...of, ...more }))
      return listed.CallerAccessGrantsList?.map(each => `${each.GrantScope} ${each.ApplicationArn}`)
    }
    assert.deepEqual(await list(), [
      's3://lake/* ALL',
      's3://lake/team/* ALL',
      `s3://lake/team/a/1.csv ${elsewhere}`,
      `s3://lake/team/a/* ${APPLICATION}`,
    ])
    assert.equal((await list({ AllowedByApplication: true }))?.length, 3)
    assert.equal((await list({ GrantScope: 's3://lake/team/a' }))?.length, 2)
    const first = await client.send(new ListCallerAccessGrantsCommand({ ...of, MaxResults: 3 }))
    assert.deepEqual(await list({ MaxResults: 3, NextToken: first.NextToken }), [`s3://lake/team/a/* ${APPLICATION}`])
    // Directory grantees need a trust policy that lets Access Grants set the context.
    const trusted = location.trustPolicy
    location.trustPolicy = JSON.stringify({ ...JSON.parse(trusted), Statement: [JSON.parse(trusted).Statement[0]] })
    await refused(matched(), 'StsNotAuthorizedError', 403, /not authorized to perform: sts:SetContext/)
    location.trustPolicy = trusted
  })

  it('says what STS says about durations, trust and policies', async () => {
    const { user, keys } = putUser(sandbox, 'sts')
    const client = clientOf(keys)
    await grant(user.arn, 'lake/team/*')
    const lasting = (DurationSeconds: number) => vend(client, 's3://lake/team/*', 'READ', { DurationSeconds })
    assert.equal((await lasting(900)).Credentials?.Expiration?.getTime(), Math.floor((clockMs + 900_000) / 1000) * 1000)
    await refused(lasting(899), 'InvalidRequest', 400)
    await refused(lasting(43_201), 'InvalidRequest', 400)
    await refused(lasting(3601), 'StsValidationError', 400, /MaxSessionDuration/)

    const trusted = location.trustPolicy
    location.trustPolicy = trusted.replace(`"${ACCOUNT}"`, '"999999999999"')
    await refused(
      lasting(900),
      'StsNotAuthorizedError',
      403,
      `User: access-grants.s3.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: ${location.arn}`,
    )
    location.trustPolicy = trusted

    await grant(user.arn, `lake/team/${'x'.repeat(1900)}/*`)
    await refused(
      vend(client, `s3://lake/team/${'x'.repeat(1900)}/*`),
      'StsPackedPolicyTooLargeError',
      400,
      'Serialized token too large for session',
    )
    await refused(vend(client, 'lake/team/'), 'InvalidRequest', 400)
    await refused(vend(client, 's3://lake/team/', 'ALL' as 'READ'), 'InvalidRequest', 400)
    await refused(vend(client, 's3://lake/*', 'READ', { Privilege: 'More' as 'Minimal' }), 'InvalidRequest', 400)
  })

  it('lets vended credentials end on time, and asks IAM before anything', async () => {
    const { user, keys } = putUser(sandbox, 'late')
    await grant(user.arn, 'lake/team/*')
    const vended = await vend(clientOf(keys), 's3://lake/team/*', 'READ', { DurationSeconds: 900 })
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken } = vended.Credentials ?? {}
    const asVended = clientOf({
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    })
    await refused(
      vend(asVended, 's3://lake/team/*'),
      'AccessDenied',
      403,
      /no session policy allows the s3:GetDataAccess/,
    )
    clockMs += 900_000
    await refused(vend(asVended, 's3://lake/team/*'), 'ExpiredToken', 400, 'The provided token has expired.')
    clockMs = Date.now()

    const powerless = putUser(sandbox, 'powerless', JSON.stringify({ Version: '2012-10-17', Statement: [] }))
    await grant(powerless.user.arn, 'lake/team/*')
    await refused(
      vend(clientOf(powerless.keys), 's3://lake/team/*'),
      'AccessDenied',
      403,
      /s3:GetDataAccess.*because no identity-based policy allows/,
    )
  })

  it('serves another account only through the resource policy', async () => {
    const FOREIGN = '444455556666'
    sandbox.makeAccount(FOREIGN)
    const { user, keys } = putUser(sandbox, 'guest', ALLOW_ALL, { account: FOREIGN })
    const client = clientOf(keys)
    await grant(user.arn, 'lake/team/*')
    await refused(vend(client, 's3://lake/team/*'), 'AccessDenied', 403, /resource-based policy allows/)
    const forPrefix = () =>
      client.send(new GetAccessGrantsInstanceForPrefixCommand({ AccountId: FOREIGN, S3Prefix: 's3://lake/team/*' }))
    await refused(forPrefix(), 'AccessDenied', 403)
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: FOREIGN },
          Action: ['s3:GetDataAccess', 's3:ListCallerAccessGrants', 's3:GetAccessGrantsInstanceForPrefix'],
          Resource: INSTANCE_ARN,
        },
      ],
    })
    await adminClient.send(new PutAccessGrantsInstanceResourcePolicyCommand({ ...of, Policy }))
    assert.equal((await forPrefix()).AccessGrantsInstanceArn, INSTANCE_ARN)
    const s3 = s3Of(await vend(client, 's3://lake/team/*'))
    await s3.send(new GetObjectCommand({ Bucket: 'lake', Key: 'team/a/1.csv' }))
    await refused(client.send(new CreateAccessGrantsInstanceCommand(of)), 'AccessDenied', 403)
  })
})
