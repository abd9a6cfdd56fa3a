import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteUserPolicyCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { GetDataAccessCommand } from '@aws-sdk/client-s3-control'
import type { SetupDocuments } from '@headgate/core/api'
import { createGrant, deleteGrant, listLocations } from '../src/aws/access-grants.ts'
import { createAwsAccess } from '../src/aws/clients.ts'
import { findIntegration } from '../src/db/integration.ts'
import { startChangeLoop } from '../src/reconcile/change-loop.ts'
import { until } from './reconcile/reconcile-world.ts'
import { allow, integrationBody, type TestAccount } from './support/aws-account.ts'
import { setEnvironment } from './support/environment.ts'
import { connected, refused, settled } from './support/integrations.ts'
import type { TestServer } from './support/server.ts'

const input = { awsAccountId: '111122223333', awsRegion: 'us-east-1', awsLocationPath: 's3://research-data' }

test('set up by exactly these documents, all nine tests pass, grants are made, used and revoked, and AWS protects those of others', async t => {
  const { server, account } = await connected(t)
  const setup = await server.admin.integrations.prepareSetup({ body: input })
  await setUp(t, account, setup)

  const { id, validationResults } = await server.admin.integrations.create({ body: bodyFor(account, setup) })
  assert.deepEqual(
    validationResults.validationTests.filter(({ status }) => status !== 'passed'),
    [],
  )
  assert.equal(validationResults.validationTests.length, 9)
  await settled(server, id, 'enabled')

  const loop = await startChangeLoop(server.world)
  t.after(() => loop.stop())
  const identifier = `arn:aws:iam::${account.accountId}:user/ann`
  const key = await user(account, 'ann', JSON.stringify(setup.consumerPolicy))
  const member = await memberOf(server, id, identifier)
  const read = () => readAs(server, account, key)
  await server.admin.dataSources.setMember({ ...member, body: { level: 'READ', reason: 'needed' } })
  await until('bytes', async () => (await read()) === 'hello')
  await server.admin.dataSources.removeMember(member)
  await until('no more', async () => /do not have READ permissions/.test(await read()))

  const location = (await listLocations(account.owner))[0]?.id ?? ''
  const marks = { tenantId: 'somebody', intent: 'else' }
  const grantee = { type: 'IAM' as const, identifier }
  const asked = { locationId: location, grantee, permission: 'READ' as const, isObject: false, marks }
  const foreign = await createGrant(account.owner, { ...asked, subPrefix: 'public/*' })
  const row = await findIntegration(server.db.kysely, Number(id))
  assert.ok(row)
  const aws = server.world.aws.of(row)
  await assert.rejects(deleteGrant(aws, foreign.awsGrantId), { kind: 'denied', operation: 'DeleteAccessGrant' })
  await assert.rejects(createGrant(aws, { ...asked, subPrefix: 'other/*' }), { kind: 'denied' }, 'nor one unmarked')
})

test('for all buckets, with an access key instead of a role, and foreign grants to be removed: the documents suffice', async t => {
  const { server, account } = await connected(t)
  const setup = await server.admin.integrations.prepareSetup({
    body: { ...input, awsLocationPath: 's3://', features: ['removeForeignGrants'] },
  })
  await makeLocationRole(account, setup)
  const UserName = 'headgate-controller'
  const { iam } = account.owner
  const PolicyDocument = JSON.stringify(setup.controllerPolicy)
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: 'controller', PolicyDocument }))
  await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: Policy?.Arn }))
  await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName: 'controller' }))
  const config = { awsLocationRole: setup.locationRole, awsLocationPath: 's3://' }
  const { id, validationResults } = await server.admin.integrations.create({ body: integrationBody(account, config) })
  assert.deepEqual(
    validationResults.validationTests.filter(({ status }) => status !== 'passed'),
    [],
  )
  await settled(server, id, 'enabled')
  await user(account, 'bob', allow('s3:ListCallerAccessGrants'))
  await createGrant(account.owner, {
    locationId: 'default',
    grantee: { type: 'IAM', identifier: `arn:aws:iam::${account.accountId}:user/bob` },
    permission: 'READ',
    subPrefix: 'research-data/public/*',
    isObject: false,
    marks: { tenantId: 'somebody', intent: 'else' },
  })
  await server.admin.integrations.remove({ params: { id }, query: { removeForeign: 'true' } })
  await settled(server, id, 'deleted')
  assert.deepEqual(await listLocations(account.owner), [])
})

test('a role is assumed only with the tenant id as external id', async t => {
  const { server, account } = await connected(t)
  const setup = await server.admin.integrations.prepareSetup({ body: input })
  await setUp(t, account, { ...setup, controllerTrustPolicy: withExternalId(setup, 'somebody-else') })
  const error = await refused(server.admin.integrations.create({ body: bodyFor(account, setup) }))
  assert.equal(error.status, 422)
  assert.match(error.message, new RegExp(`sts:AssumeRole.*external id \`${setup.tenantId}\``))
})

test('the template holds the very documents, names every part, and parses', async t => {
  const { server } = await connected(t)
  const key = 'arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0000-4000-8000-000000000000'
  const setup = await server.admin.integrations.prepareSetup({
    body: { ...input, awsLocationRole: 'arn:aws:iam::111122223333:role/data/location', kmsKeyArns: [key] },
  })
  const template = JSON.parse(JSON.stringify(setup.cloudFormation))
  assert.equal(template.AWSTemplateFormatVersion, '2010-09-09')
  const { LocationRole, ControllerRole, ControllerPolicy, ConsumerPolicy } = template.Resources
  assert.deepEqual(LocationRole.Properties.AssumeRolePolicyDocument, setup.locationRoleTrustPolicy)
  assert.deepEqual(LocationRole.Properties.Policies[0].PolicyDocument, setup.locationRolePolicy)
  assert.equal(LocationRole.Properties.MaxSessionDuration, 3600)
  assert.deepEqual([LocationRole.Properties.Path, LocationRole.Properties.RoleName], ['/data/', 'location'])
  assert.deepEqual(ControllerRole.Properties.AssumeRolePolicyDocument, setup.controllerTrustPolicy)
  assert.deepEqual(ControllerPolicy.Properties.PolicyDocument, setup.controllerPolicy)
  assert.deepEqual(ConsumerPolicy.Properties.PolicyDocument, setup.consumerPolicy)
  const names = new Set([...Object.keys(template.Resources), ...Object.keys(template.Parameters)])
  for (const [, name = ''] of JSON.stringify(template).matchAll(/"Ref":"(\w+)"/g)) assert.ok(names.has(name), name)
  for (const each of [setup.controllerPolicy, setup.consumerPolicy]) {
    assert.ok(JSON.stringify(each).length < 6144, 'a managed policy takes no more')
  }
})

test('the location role gets the 14 actions under the instance alone, and keys only when they are named', async t => {
  const { server } = await connected(t)
  const actionsOf = (document: Record<string, unknown>) =>
    (document.Statement as { Action: string[] }[]).flatMap(({ Action }) => Action)
  const plain = await server.admin.integrations.prepareSetup({ body: input })
  assert.equal(new Set(actionsOf(plain.locationRolePolicy)).size, 14)
  for (const { Condition } of plain.locationRolePolicy.Statement as { Condition: object }[]) {
    assert.deepEqual(Condition, {
      StringEquals: { 'aws:ResourceAccount': '111122223333' },
      ArnEquals: { 's3:AccessGrantsInstanceArn': 'arn:aws:s3:us-east-1:111122223333:access-grants/default' },
    })
  }
  const key = 'arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0000-4000-8000-000000000000'
  const { locationRolePolicy } = await server.admin.integrations.prepareSetup({ body: { ...input, kmsKeyArns: [key] } })
  assert.deepEqual((locationRolePolicy.Statement as object[]).at(-1), {
    Sid: 'Keys',
    Effect: 'Allow',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: [key],
    Condition: { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } },
  })
})

test('optional features are statements of their own', async t => {
  const { server } = await connected(t)
  const sids = async (features: ('identityCenter' | 'removeForeignGrants')[]) => {
    const { controllerPolicy } = await server.admin.integrations.prepareSetup({ body: { ...input, features } })
    return (controllerPolicy.Statement as { Sid: string }[]).map(({ Sid }) => Sid)
  }
  const plain = await sids([])
  assert.deepEqual(await sids(['identityCenter', 'removeForeignGrants']), [
    ...plain,
    'IdentityCenterAnything',
    'RemoveForeignGrantsGrantAnyGrant',
  ])
})

test('a stored integration has its documents too, with what is asked for', async t => {
  const { server, account } = await connected(t)
  const { id } = await server.admin.integrations.create({ body: integrationBody(account) })
  await server.world.background.idle()
  const setup = await server.admin.integrations.setup({ params: { id }, query: { features: 'removeForeignGrants' } })
  assert.equal(setup.locationRole, account.locationRole)
  assert.match(JSON.stringify(setup.controllerPolicy), /RemoveForeignGrants/)
  const wrong = await refused(server.admin.integrations.setup({ params: { id }, query: { features: 'everything' } }))
  assert.equal(wrong.status, 422)
  const nobody = await refused((await server.as(['GOVERNANCE'])).integrations.setup({ params: { id } }))
  assert.equal(nobody.status, 403)
})

/** As the AWS admin does by hand; and the server runs as a user that may assume roles and nothing else. */
async function setUp(t: TestContext, account: TestAccount, setup: SetupDocuments): Promise<void> {
  const { iam } = account.owner
  const text = (document: object) => JSON.stringify(document)
  await makeLocationRole(account, setup)
  const controller = { RoleName: setup.controllerRole.split('/').at(-1) }
  await iam.send(new CreateRoleCommand({ ...controller, AssumeRolePolicyDocument: text(setup.controllerTrustPolicy) }))
  const { Policy } = await iam.send(
    new CreatePolicyCommand({ PolicyName: 'headgate-controller', PolicyDocument: text(setup.controllerPolicy) }),
  )
  await iam.send(new AttachRolePolicyCommand({ ...controller, PolicyArn: Policy?.Arn }))
  const key = await user(account, 'headgate-server', allow('sts:AssumeRole'))
  setEnvironment(t, { AWS_ACCESS_KEY_ID: key.accessKeyId, AWS_SECRET_ACCESS_KEY: key.secretAccessKey })
}

async function makeLocationRole({ owner: { iam } }: TestAccount, setup: SetupDocuments): Promise<void> {
  const RoleName = setup.locationRole.split('/').at(-1)
  await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: JSON.stringify(setup.locationRoleTrustPolicy),
      MaxSessionDuration: setup.maxSessionDuration,
    }),
  )
  const PolicyDocument = JSON.stringify(setup.locationRolePolicy)
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'data', PolicyDocument }))
}

function bodyFor(account: TestAccount, setup: SetupDocuments) {
  const { config, ...rest } = integrationBody(account, { awsLocationRole: setup.locationRole })
  const { awsAccessKeyId: _, awsSecretAccessKey: __, ...common } = config
  return {
    ...rest,
    config: { ...common, authenticationType: 'assumeRole' as const, awsRoleArn: setup.controllerRole },
  }
}

function withExternalId(setup: SetupDocuments, id: string): SetupDocuments['controllerTrustPolicy'] {
  return JSON.parse(JSON.stringify(setup.controllerTrustPolicy).replace(setup.tenantId, id))
}

interface Key {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A data source and somebody with that AWS identity. */
async function memberOf(server: TestServer, integrationId: string, identifier: string) {
  const dataSources = [{ dataSourceName: 'public', prefix: 'public/*' }]
  const [source] = await server.admin.nativeS3.register({ body: { type: 'Native S3', integrationId, dataSources } })
  const { id: userId } = await server.admin.users.create({ body: { userid: 'ann', name: 'Ann' } })
  await server.admin.users.setPrincipals({ params: { id: userId }, body: [{ kind: 'iamUser', identifier }] })
  return { params: { id: source?.dataSourceId ?? 0, userId } }
}

/** What a person with that key reads through Access Grants, or why not. */
async function readAs(server: TestServer, { accountId, region, bucket }: TestAccount, key: Key): Promise<string> {
  const access = createAwsAccess({ vault: server.world.vault, endpoint: server.sandbox.url, parallel: 2 })
  const target = { accountId, region }
  try {
    const credentials = await access.trying({ ...target, credentials: key }, async ({ s3Control }) => {
      const ask = { AccountId: accountId, Target: `s3://${bucket}/public/*`, Permission: 'READ' } as const
      return (await s3Control.send(new GetDataAccessCommand(ask))).Credentials
    })
    const s3 = new S3Client({
      region,
      endpoint: server.sandbox.url,
      forcePathStyle: true,
      credentials: {
        accessKeyId: credentials?.AccessKeyId ?? '',
        secretAccessKey: credentials?.SecretAccessKey ?? '',
        sessionToken: credentials?.SessionToken ?? '',
      },
    })
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'public/hello.txt' }))
    return (await Body?.transformToString()) ?? ''
  } catch (error) {
    return String(error)
  }
}

async function user({ owner }: TestAccount, UserName: string, PolicyDocument: string): Promise<Key> {
  await owner.iam.send(new CreateUserCommand({ UserName }))
  await owner.iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument }))
  const { AccessKey } = await owner.iam.send(new CreateAccessKeyCommand({ UserName }))
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' }
}
