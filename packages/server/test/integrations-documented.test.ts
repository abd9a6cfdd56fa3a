/** The documented requests and answers, replayed: with an account of 12 digits, and its own sample values as refusals. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { CreateRoleCommand } from '@aws-sdk/client-iam'
import { CreateAccessGrantsLocationCommand } from '@aws-sdk/client-s3-control'
import { type TestAccount, trust } from './support/aws-account.ts'
import { setEnvironment } from './support/environment.ts'
import { body, connected } from './support/integrations.ts'
import type { TestServer } from './support/server.ts'

const accountId = '123456789012'
const role = `arn:aws:iam::${accountId}:role/access-grants-instance-role`

const documentedTests = [
  'There is no existing integration matching this configuration',
  'The provided integration name is unique across Headgate S3 integrations',
  'The provided access grants location role is a valid ARN format',
  "The provided AWS credentials allow fetching the caller's identity via the AWS STS API",
  'An AWS Access Grants instance is configured in the provided AWS account and region',
  'The provided S3 path exists and Headgate can list prefixes',
  'An AWS Access Grants location does not yet exist for the provided path',
]
const ourTests = [
  'The provided AWS credentials are allowed every IAM action that Headgate needs',
  'The provided access grants location role trusts S3 Access Grants and may do what it passes on',
]
const passed = (names: readonly string[]) => ({
  status: 'passed',
  validationTests: names.map(name => ({ name, status: 'passed' })),
})

test('the documented life of an integration with an access key: create, get, list, delete', async t => {
  const { server, account } = await documented(t)
  const key = {
    awsAccessKeyId: account.controller.accessKeyId,
    awsSecretAccessKey: account.controller.secretAccessKey,
  }
  const created = await call(server, 'POST', '/integrations', {
    type: 'Native S3',
    autoBootstrap: false,
    config: { ...config, authenticationType: 'accessKey', ...key },
  })
  assert.equal(created.status, 200)
  const validationResults = passed([...documentedTests, ...ourTests])
  assert.deepEqual(await body(created), { id: '1', status: 'creating', validationResults })

  await server.world.background.idle()
  const got = await call(server, 'GET', '/integrations/1')
  assert.equal(got.status, 200)
  const whole = {
    id: '1',
    status: 'enabled',
    validationResults,
    type: 'Native S3',
    autoBootstrap: false,
    config: {
      port: 443,
      ...config,
      authenticationType: 'accessKey',
      awsAccessKeyId: key.awsAccessKeyId,
      awsSecretAccessKey: '<REDACTED>',
    },
  }
  assert.deepEqual(await body(got), whole)
  assert.deepEqual(await body(await call(server, 'GET', '/integrations')), [whole])

  const removed = await call(server, 'DELETE', '/integrations/1')
  assert.equal(removed.status, 200)
  const fourTests = passed(documentedTests.slice(2, 6))
  assert.deepEqual(await body(removed), { id: '1', status: 'deleting', validationResults: fourTests })
  await server.world.background.idle()
  assert.deepEqual(await body(await call(server, 'GET', '/integrations')), [])
})

test('the documented request for automatic authentication', async t => {
  const { server, account } = await documented(t)
  const { accessKeyId, secretAccessKey } = account.controller
  setEnvironment(t, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey })
  const created = await call(server, 'POST', '/integrations', {
    type: 'Native S3',
    autoBootstrap: false,
    config: { ...config, authenticationType: 'auto' },
  })
  assert.equal(created.status, 200)
  await server.world.background.idle()
  const got = await body(await call(server, 'GET', '/integrations/1'))
  assert.equal(got.status, 'enabled')
  assert.deepEqual(got.config, { port: 443, ...config, authenticationType: 'auto' })
})

test('the documented conflict: its three fields, and ours besides', async t => {
  const { server, account } = await documented(t)
  await account.owner.s3Control.send(
    new CreateAccessGrantsLocationCommand({ AccountId: accountId, LocationScope: 's3://', IAMRoleArn: role }),
  )
  const { accessKeyId, secretAccessKey } = account.controller
  const key = { awsAccessKeyId: accessKeyId, awsSecretAccessKey: secretAccessKey }
  const refused = await call(server, 'POST', '/integrations', {
    type: 'Native S3',
    autoBootstrap: false,
    config: { ...config, authenticationType: 'accessKey', ...key },
  })
  assert.equal(refused.status, 409)
  const { statusCode, error, message, code } = await body(refused)
  assert.deepEqual(
    { statusCode, error, message },
    { statusCode: 409, error: 'Conflict', message: 'Access Grants location already exists on provided path.' },
  )
  assert.equal(code, 'integration-location-exists')
})

const samples: readonly [name: string, config: object, says: RegExp][] = [
  ['an account of nine digits', { awsAccountId: '123456789' }, /awsAccountId` must be 12 digits/],
  [
    'a role of an account of nine digits',
    { awsLocationRole: 'arn:aws:iam::123456789:role/access-grants-instance-role' },
    /`awsLocationRole` is not the ARN of an IAM role/,
  ],
  ['a key of nine digits', { awsAccessKeyId: '123456789' }, /InvalidClientTokenId/],
  ['a secret of nine digits', { awsSecretAccessKey: '123456789' }, /SignatureDoesNotMatch/],
  ['the region `us-east1`', { awsRegion: 'us-east1' }, /awsRegion` must be a region such as `us-east-1`/],
]

test('each of the documented sample values that is none is 422 by name', async t => {
  const { server, account } = await documented(t)
  const { accessKeyId, secretAccessKey } = account.controller
  const key = { awsAccessKeyId: accessKeyId, awsSecretAccessKey: secretAccessKey }
  for (const [name, sample, says] of samples) {
    const refused = await call(server, 'POST', '/integrations', {
      type: 'Native S3',
      autoBootstrap: false,
      config: { ...config, authenticationType: 'accessKey', ...key, ...sample },
    })
    assert.equal(refused.status, 422, name)
    assert.match(String((await body(refused)).message), says, name)
  }
  assert.deepEqual(await body(await call(server, 'GET', '/integrations')), [])
})

const config = {
  name: 'S3 integration',
  awsAccountId: accountId,
  awsRegion: 'us-east-1',
  awsLocationRole: role,
  awsLocationPath: 's3://',
}

async function documented(t: TestContext): Promise<{ server: TestServer; account: TestAccount }> {
  const { server, account } = await connected(t, { accountId })
  const RoleName = 'access-grants-instance-role'
  await account.owner.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }))
  return { server, account }
}

/** With the documented headers: the key bare. */
function call(server: TestServer, method: string, path: string, input?: object): Promise<Response> {
  const headers = { accept: 'application/json', 'Content-Type': 'application/json', Authorization: server.admin.key }
  return fetch(server.url + path, { method, headers, ...(input === undefined ? {} : { body: JSON.stringify(input) }) })
}
