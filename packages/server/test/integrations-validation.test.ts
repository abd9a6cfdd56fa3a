import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { CreateAccessGrantsLocationCommand } from '@aws-sdk/client-s3-control'
import { listLocations } from '../src/aws/access-grants.ts'
import { type AccountOptions, allow, integrationBody, prepareAccount } from './support/aws-account.ts'
import { connected, create, failedTests, post, refused } from './support/integrations.ts'
import { type TestServer, testServer } from './support/server.ts'

test('what cannot be an integration is 422 and names the field', async t => {
  const { server, account } = await connected(t)
  const good = integrationBody(account)
  const cases: [string, object, RegExp][] = [
    ['unknown field', { ...good, config: { ...good.config, awsRolArn: 'x' } }, /awsRolArn/],
    ['unknown top-level field', { ...good, dryRun: true }, /dryRun/],
    ['autoBootstrap true', { ...good, autoBootstrap: true }, /autoBootstrap/],
    [
      'a nine-digit account, as in the documented sample',
      integrationBody(account, { awsAccountId: '123456789' }),
      /awsAccountId/,
    ],
    ['a trailing wildcard', integrationBody(account, { awsLocationPath: 's3://research-data/*' }), /awsLocationPath/],
    ['a bucket wildcard', integrationBody(account, { awsLocationPath: 's3://research*' }), /awsLocationPath/],
    ['no s3 path', integrationBody(account, { awsLocationPath: '/research-data' }), /awsLocationPath/],
    ['no secret', integrationBody(account, { awsSecretAccessKey: undefined }), /awsSecretAccessKey/],
    ['another type', { ...good, type: 'Snowflake' }, /type/],
  ]
  for (const [name, input, mention] of cases) {
    const response = await post(server, input)
    assert.equal(response.status, 422, name)
    assert.match(JSON.stringify(await response.json()), mention, name)
  }
  assert.deepEqual(await server.admin.integrations.list(), [])
})

test('path and name in use are 409 with the id; the same path in another account is another path', async t => {
  const { server, account } = await connected(t)
  const first = await create(server, account)
  const again = await refused(create(server, account, { name: 'second' }))
  assert.equal(again.status, 409)
  assert.equal(again.code, 'integration-exists')
  assert.match(again.message, /^Native S3 integration already exists on .* \(id = 1\)\.$/)
  const statuses = (again.body.validation as { status: string }[]).map(({ status }) => status)
  assert.deepEqual(statuses, [
    'failed',
    'passed',
    'passed',
    'passed',
    'passed',
    'passed',
    'skipped',
    'passed',
    'passed',
  ])

  const named = await refused(create(server, account, { awsLocationPath: 's3://' }))
  assert.equal(named.status, 409)
  assert.equal(named.code, 'integration-name-taken')

  const nested = await server.admin.integrations.create({
    body: integrationBody(account, { name: 'nested', awsLocationPath: 's3://research-data/public' }),
  })
  assert.equal(nested.validationResults.status, 'warning')
  assert.equal(nested.validationResults.validationTests[0]?.status, 'warning')

  const other = await prepareAccount(server.sandbox, { accountId: '444455556666', bucket: 'other-data' })
  const elsewhere = { name: 'all of another', awsLocationPath: 's3://' }
  assert.equal((await create(server, other, elsewhere)).status, 'enabled')
  assert.equal(first.status, 'enabled')
})

test('two creates of one configuration at the same time: one is made, the other is 409', async t => {
  const { server, account } = await connected(t)
  const answers = await Promise.allSettled([create(server, account), create(server, account)])
  assert.deepEqual(answers.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal((await listLocations(account.owner)).length, 1)
})

test('a location on the path that others made is 409 in the documented words, however they wrote it', async t => {
  const { server, account } = await connected(t)
  for (const [LocationScope, path] of [
    ['s3://research-data', 's3://research-data/'],
    ['s3://research-data/a/*', 's3://research-data/a'],
  ]) {
    await account.owner.s3Control.send(
      new CreateAccessGrantsLocationCommand({
        AccountId: account.accountId,
        LocationScope,
        IAMRoleArn: account.locationRole,
      }),
    )
    const error = await refused(create(server, account, { awsLocationPath: path }))
    assert.equal(error.status, 409)
    assert.equal(error.body.error, 'Conflict')
    assert.equal(error.message, 'Access Grants location already exists on provided path.')
    assert.deepEqual(failedTests(error), [7])
  }
})

const failing: { name: string; options?: AccountOptions; config: object; failed: number[]; says: RegExp }[] = [
  {
    name: 'a role that is no role',
    config: { awsLocationRole: 'arn:aws:iam::111122223333:user/ann' },
    failed: [3],
    says: /arn:aws:iam::111122223333:role/,
  },
  {
    name: 'a role of another account',
    config: { awsLocationRole: 'arn:aws:iam::999999999999:role/r' },
    failed: [3],
    says: /account 999999999999/,
  },
  {
    name: 'a wrong secret',
    config: { awsSecretAccessKey: 'not-the-secret' },
    failed: [4],
    says: /SignatureDoesNotMatch.*awsSecretAccessKey/,
  },
  { name: 'an unknown key', config: { awsAccessKeyId: 'AKIAUNKNOWN' }, failed: [4], says: /InvalidClientTokenId/ },
  {
    name: 'credentials of another account',
    config: { awsAccountId: '444455556666', awsLocationRole: 'arn:aws:iam::444455556666:role/r' },
    failed: [4],
    says: /belong to account 111122223333/,
  },
  {
    name: 'no instance',
    options: { instance: false },
    config: {},
    failed: [5],
    says: /no S3 Access Grants instance in account 111122223333, region us-east-1/,
  },
  {
    name: 'a missing bucket',
    config: { awsLocationPath: 's3://no-such-bucket' },
    failed: [6],
    says: /`no-such-bucket` does not exist/,
  },
  {
    name: 'a bucket in another region',
    config: { awsLocationPath: 's3://far-data' },
    failed: [6],
    says: /`far-data` is in/,
  },
  {
    name: 'a bucket of another account',
    config: { awsLocationPath: 's3://others-data' },
    failed: [6],
    says: /another account/,
  },
  {
    name: 'a controller that may not list',
    options: { controllerPolicy: allow('s3:GetAccessGrantsInstance', 's3:ListAccessGrantsLocations') },
    config: {},
    failed: [6],
    says: /s3:ListBucket/,
  },
]

for (const { name, options, config, failed, says } of failing) {
  test(`${name} is 422, says what to do, and stores nothing`, async t => {
    const { server, account } = await connected(t, options)
    await makeNeighbours(server)
    const error = await refused(create(server, account, config))
    assert.equal(error.status, 422)
    assert.equal(error.code, 'validation-failed')
    assert.deepEqual(failedTests(error), failed)
    assert.match(error.message, says)
    const results = error.body.validationResults as {
      status: string
      validationTests: { status: string; message?: string }[]
    }
    assert.equal(results.status, 'failed')
    assert.equal(results.validationTests.length, 9)
    for (const each of results.validationTests) assert.equal(each.message === undefined, each.status === 'passed')
    assert.deepEqual(await server.admin.integrations.list(), [])
  })
}

test('an empty prefix and a missing right to list buckets are warnings', async t => {
  const few = allow(
    's3:*AccessGrants*',
    's3:ListTagsForResource',
    's3:TagResource',
    's3:ListBucket',
    'iam:PassRole',
    'iam:GetRole',
  )
  const { server, account } = await connected(t, { controllerPolicy: few })
  const empty = await server.admin.integrations.create({
    body: integrationBody(account, { awsLocationPath: 's3://research-data/none' }),
  })
  assert.equal(empty.validationResults.status, 'warning')
  assert.equal(empty.validationResults.validationTests[5]?.status, 'warning')
  const all = await server.admin.integrations.create({
    body: integrationBody(account, { name: 'all', awsLocationPath: 's3://' }),
  })
  assert.equal(all.validationResults.validationTests[5]?.status, 'warning')
  assert.match(all.validationResults.validationTests[5]?.message ?? '', /s3:ListAllMyBuckets/)
})

test('an AWS that does not answer is 502 with the tests so far, and the server keeps serving', async t => {
  const server = await testServer()
  t.after(server.close)
  const error = await refused(create(server, unreachableAccount))
  assert.equal(error.status, 502)
  assert.equal(error.code, 'aws-unreachable')
  assert.deepEqual(failedTests(error), [4])
  assert.match(error.message, /GetCallerIdentity/)
  assert.deepEqual(await server.admin.integrations.list(), [])
})

test('an error that we do not know is 502 with the code of AWS', async t => {
  const { server, account } = await connected(t)
  const rule = { kind: 'error', operation: 'ListAccessGrantsLocations', status: 400, code: 'SomethingNew' }
  server.sandbox.faults.set({ rules: [rule] })
  const error = await refused(create(server, account))
  assert.equal(error.status, 502)
  assert.equal(error.code, 'aws-refused')
  assert.match(error.message, /ListAccessGrantsLocations: SomethingNew/)
})

const unreachableAccount = {
  accountId: '111122223333',
  region: 'us-east-1',
  locationRole: 'arn:aws:iam::111122223333:role/access-grants-location',
  controller: { accessKeyId: 'AKIASOMEBODY', secretAccessKey: 'a secret' },
}

/** A bucket in another region, and one of another account. */
async function makeNeighbours(server: TestServer): Promise<void> {
  const other = await prepareAccount(server.sandbox, { accountId: '999988887777', bucket: 'others-data' })
  const far = await prepareAccount(server.sandbox, {
    accountId: '222233334444',
    region: 'eu-west-1',
    bucket: 'far-elsewhere',
  })
  await far.owner.s3.send(
    new CreateBucketCommand({ Bucket: 'far-data', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
  )
  assert.ok(other.owner)
}
