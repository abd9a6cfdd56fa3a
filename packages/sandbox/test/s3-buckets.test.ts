import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, test } from 'node:test'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeletePublicAccessBlockCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { type Keys, rawRequest, refusal, type S3World, s3World } from './s3-world.ts'

let world: S3World
let admin: Keys
let s3: S3Client
const CreateBucketConfiguration = { LocationConstraint: 'eu-central-1' } as const

before(async () => {
  world = await s3World()
  admin = await world.account('111122223333')
  s3 = world.client(admin)
  await s3.send(new CreateBucketCommand({ Bucket: 'lake', CreateBucketConfiguration }))
  for (const Key of ['a/1', 'a/2', 'b/1']) await s3.send(new PutObjectCommand({ Bucket: 'lake', Key, Body: Key }))
})
after(() => world.close())

test('a bucket is made where the client says, and tells where it is', async () => {
  const east = world.client(admin, { region: 'us-east-1' })
  await east.send(new CreateBucketCommand({ Bucket: 'in-the-east' }))
  const location = await east.send(new GetBucketLocationCommand({ Bucket: 'in-the-east' }))
  assert.equal(location.LocationConstraint, undefined)
  const here = await s3.send(new GetBucketLocationCommand({ Bucket: 'lake' }))
  assert.equal(here.LocationConstraint, 'eu-central-1')
  assert.equal((await s3.send(new HeadBucketCommand({ Bucket: 'lake' }))).BucketRegion, 'eu-central-1')

  const elsewhere = { LocationConstraint: 'eu-west-1' } as const
  const wrong = new CreateBucketCommand({ Bucket: 'elsewhere', CreateBucketConfiguration: elsewhere })
  assert.equal((await refusal(s3.send(wrong))).code, 'IllegalLocationConstraintException')
  await east.send(new CreateBucketCommand({ Bucket: 'elsewhere', CreateBucketConfiguration: elsewhere }))
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}))
  assert.deepEqual(
    Buckets.map(({ Name, BucketRegion }) => [Name, BucketRegion]),
    [
      ['elsewhere', 'eu-west-1'],
      ['in-the-east', 'us-east-1'],
      ['lake', 'eu-central-1'],
    ],
  )
})

test('a name is valid and belongs to one account in the world', async () => {
  const bad = ['Big', 'no_underscore', 'a..b', '192.168.1.1', '-lead', 'tail-', 'xn--x', 'x-s3alias', 'n'.repeat(64)]
  for (const Bucket of bad) {
    const create = new CreateBucketCommand({ Bucket, CreateBucketConfiguration })
    assert.equal((await refusal(s3.send(create))).code, 'InvalidBucketName', Bucket)
  }
  const again = new CreateBucketCommand({ Bucket: 'lake', CreateBucketConfiguration })
  assert.deepEqual((await refusal(s3.send(again))).code, 'BucketAlreadyOwnedByYou')
  const stranger = world.client(await world.account('999988887777'))
  assert.equal((await refusal(stranger.send(again))).code, 'BucketAlreadyExists')
  assert.deepEqual((await stranger.send(new ListBucketsCommand({}))).Buckets, [])
})

test('a bucket is deleted only when it is empty', async () => {
  await s3.send(new CreateBucketCommand({ Bucket: 'short-lived', CreateBucketConfiguration }))
  const at = { Bucket: 'short-lived', Key: 'k' }
  await s3.send(new PutObjectCommand({ ...at, Body: 'x' }))
  const remove = new DeleteBucketCommand({ Bucket: 'short-lived' })
  assert.equal((await refusal(s3.send(remove))).code, 'BucketNotEmpty')
  await s3.send(new DeleteObjectCommand(at))
  await s3.send(remove)
  assert.equal((await refusal(s3.send(new PutObjectCommand({ ...at, Body: 'x' })))).code, 'NoSuchBucket')
  const head = await refusal(s3.send(new HeadBucketCommand({ Bucket: 'short-lived' })))
  assert.deepEqual([head.code, head.status], ['NotFound', 404])
})

test('the wrong region is redirected and told the right one', async () => {
  const west = world.client(admin, { region: 'eu-west-1' })
  const list = await refusal(west.send(new ListObjectsV2Command({ Bucket: 'lake' })))
  assert.deepEqual([list.code, list.status], ['PermanentRedirect', 301])
  const following = world.client(admin, { region: 'eu-west-1', followRegionRedirects: true, maxAttempts: 2 })
  assert.equal((await following.send(new ListObjectsV2Command({ Bucket: 'lake' }))).KeyCount, 3)
  const head = await refusal(west.send(new HeadBucketCommand({ Bucket: 'lake' })))
  assert.equal(head.status, 301)
})

test('the right endpoint with a signature for another region is a malformed header', async () => {
  // Every name leads to the sandbox; the Host header stays as the SDK made it.
  const lookup: NonNullable<http.AgentOptions['lookup']> = (_name, options, found) =>
    options.all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4)
  const requestHandler = new NodeHttpHandler({ httpAgent: new http.Agent({ lookup }) })
  const endpoint = `http://s3.eu-central-1.amazonaws.com:${new URL(world.url).port}`
  const options = { forcePathStyle: false, endpoint, requestHandler }
  const right = world.client(admin, options)
  const { Contents = [] } = await right.send(new ListObjectsV2Command({ Bucket: 'lake', Prefix: 'a/' }))
  assert.deepEqual(
    Contents.map(({ Key }) => Key),
    ['a/1', 'a/2'],
  )
  const wrong = world.client(admin, { ...options, region: 'eu-west-1' })
  const refused = await refusal(wrong.send(new ListObjectsV2Command({ Bucket: 'lake' })))
  assert.equal(refused.code, 'AuthorizationHeaderMalformed')
  assert.match(refused.message, /the region 'eu-west-1' is wrong; expecting 'eu-central-1'/)
})

test('a bucket policy is kept as it was put, and must be one for this bucket', async () => {
  await s3.send(new CreateBucketCommand({ Bucket: 'with-policy', CreateBucketConfiguration }))
  const Bucket = 'with-policy'
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket }))
  const missing = await refusal(s3.send(new GetBucketPolicyCommand({ Bucket })))
  assert.equal(missing.code, 'NoSuchBucketPolicy')
  const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::with-policy/*' }
  const policy = (changed: object) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, ...changed }] })
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policy({}) }))
  assert.equal((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy, policy({}))
  const bad = ['no json', policy({ Effect: 'Perhaps' }), policy({ Resource: 'arn:aws:s3:::other/*' })]
  for (const Policy of [...bad, policy({ Principal: undefined })]) {
    const put = new PutBucketPolicyCommand({ Bucket, Policy })
    assert.equal((await refusal(s3.send(put))).code, 'MalformedPolicy', Policy)
  }
  await s3.send(new DeleteBucketPolicyCommand({ Bucket }))
  assert.equal((await refusal(s3.send(new GetBucketPolicyCommand({ Bucket })))).code, 'NoSuchBucketPolicy')
})

test('a user does what the policy says, to the keys it says, and is refused in AWS words', async () => {
  const keys = await world.user(admin, 'reader', [
    { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::lake/a/*' },
    {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: 'arn:aws:s3:::lake',
      Condition: { StringLike: { 's3:prefix': 'a/*' } },
    },
  ])
  const reader = world.client(keys)
  const { Body } = await reader.send(new GetObjectCommand({ Bucket: 'lake', Key: 'a/1' }))
  assert.equal(await Body?.transformToString(), 'a/1')
  assert.equal((await reader.send(new ListObjectsV2Command({ Bucket: 'lake', Prefix: 'a/' }))).KeyCount, 2)

  const beside = await refusal(reader.send(new GetObjectCommand({ Bucket: 'lake', Key: 'b/1' })))
  assert.equal(
    beside.message,
    'User: arn:aws:iam::111122223333:user/reader is not authorized to perform: s3:GetObject on resource: ' +
      '"arn:aws:s3:::lake/b/1" because no identity-based policy allows the s3:GetObject action',
  )
  const others = [
    () => reader.send(new ListObjectsV2Command({ Bucket: 'lake', Prefix: 'b/' })),
    () => reader.send(new ListObjectsV2Command({ Bucket: 'lake' })),
    () => reader.send(new PutObjectCommand({ Bucket: 'lake', Key: 'a/3', Body: 'x' })),
    () => reader.send(new DeleteObjectCommand({ Bucket: 'lake', Key: 'a/1' })),
    () => reader.send(new DeleteBucketCommand({ Bucket: 'lake' })),
    () => reader.send(new ListBucketsCommand({})),
  ]
  for (const other of others) assert.deepEqual((await refusal(other())).code, 'AccessDenied')
  // Without the right to list, a key that is not there looks like one that is kept away.
  const absent = await refusal(reader.send(new GetObjectCommand({ Bucket: 'lake', Key: 'a/none' })))
  assert.equal(absent.code, 'AccessDenied')
  const head = await refusal(reader.send(new HeadObjectCommand({ Bucket: 'lake', Key: 'b/1' })))
  assert.equal(head.status, 403)
})

test('deleting many refuses only the keys that the caller may not delete', async () => {
  for (const Key of ['mine/1', 'yours/1']) await s3.send(new PutObjectCommand({ Bucket: 'lake', Key, Body: 'x' }))
  const keys = await world.user(admin, 'half', [
    { Effect: 'Allow', Action: 's3:DeleteObject', Resource: 'arn:aws:s3:::lake/mine/*' },
  ])
  const Delete = { Objects: [{ Key: 'mine/1' }, { Key: 'yours/1' }] }
  const half = await world.client(keys).send(new DeleteObjectsCommand({ Bucket: 'lake', Delete }))
  assert.deepEqual(
    half.Deleted?.map(({ Key }) => Key),
    ['mine/1'],
  )
  assert.deepEqual(
    half.Errors?.map(({ Key, Code }) => [Key, Code]),
    [['yours/1', 'AccessDenied']],
  )
})

test('across accounts both sides must allow; the public needs only the bucket', async () => {
  const stranger = world.client(await world.account('777766665555'))
  const get = new GetObjectCommand({ Bucket: 'lake', Key: 'a/1' })
  assert.equal((await refusal(stranger.send(get))).code, 'AccessDenied')
  const statements = [
    { Principal: { AWS: 'arn:aws:iam::777766665555:root' }, Resource: 'arn:aws:s3:::lake/a/*' },
    { Principal: '*', Resource: 'arn:aws:s3:::lake/b/*' },
  ].map(statement => ({ Effect: 'Allow', Action: 's3:GetObject', ...statement }))
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: statements })
  const put = new PutBucketPolicyCommand({ Bucket: 'lake', Policy })
  // New buckets take no public policy.
  assert.equal((await refusal(s3.send(put))).code, 'AccessDenied')
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket: 'lake' }))
  await s3.send(put)
  assert.equal(await (await stranger.send(get)).Body?.transformToString(), 'a/1')
  assert.equal((await rawRequest(`${world.url}/lake/b/1`, {})).body, 'b/1')
  assert.equal((await rawRequest(`${world.url}/lake/a/1`, {})).status, 403)
  const { PolicyStatus } = await s3.send(new GetBucketPolicyStatusCommand({ Bucket: 'lake' }))
  assert.equal(PolicyStatus?.IsPublic, true)

  const RestrictPublicBuckets = true
  const restrict = { Bucket: 'lake', PublicAccessBlockConfiguration: { RestrictPublicBuckets } }
  await s3.send(new PutPublicAccessBlockCommand(restrict))
  const { PublicAccessBlockConfiguration } = await s3.send(new GetPublicAccessBlockCommand({ Bucket: 'lake' }))
  const open = { BlockPublicAcls: false, IgnorePublicAcls: false, BlockPublicPolicy: false }
  assert.deepEqual(PublicAccessBlockConfiguration, { ...open, RestrictPublicBuckets })
  assert.equal((await rawRequest(`${world.url}/lake/b/1`, {})).status, 403)
  assert.equal((await refusal(stranger.send(get))).code, 'AccessDenied')
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket: 'lake' }))
  assert.equal((await rawRequest(`${world.url}/lake/b/1`, {})).body, 'b/1')
})

const pinned: readonly [string, object, boolean][] = [
  ['everybody', { Principal: '*' }, true],
  ['everybody but one', { NotPrincipal: { AWS: '111122223333' } }, true],
  ['an account', { Principal: { AWS: '777766665555' } }, false],
  [
    'everybody of an organisation',
    { Principal: '*', Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } },
    false,
  ],
  [
    'everybody whose ARN is like a pattern',
    { Principal: '*', Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/x' } } },
    true,
  ],
  ['everybody within a network', { Principal: '*', Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }, false],
  ['half the internet', { Principal: '*', Condition: { IpAddress: { 'aws:SourceIp': '0.0.0.0/1' } } }, true],
  [
    'everybody not of an account',
    { Principal: '*', Condition: { StringNotEquals: { 'aws:PrincipalAccount': '1' } } },
    true,
  ],
]
for (const [who, given, isPublic] of pinned) {
  test(`a policy that lets in ${who} is ${isPublic ? '' : 'not '}public`, async () => {
    const Bucket = 'status'
    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration })).catch(() => {})
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket }))
    const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::status/*', ...given }
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }))
    assert.equal((await s3.send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus?.IsPublic, isPublic)
  })
}

test('a bucket of another owner than the client expects is not touched', async () => {
  const list = { Bucket: 'lake', ExpectedBucketOwner: '111122223333' }
  assert.equal((await s3.send(new ListObjectsV2Command(list))).$metadata.httpStatusCode, 200)
  const other = new ListObjectsV2Command({ ...list, ExpectedBucketOwner: '999988887777' })
  assert.equal((await refusal(s3.send(other))).code, 'AccessDenied')
})

test('an error is a bare <Error>, and a HEAD has no body but still names the region', async () => {
  const get = await rawRequest(`${world.url}/lake/a/1`, {})
  assert.match(get.body, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>AccessDenied<\/Code><Message>/)
  assert.match(get.body, /<RequestId>[0-9A-F]{16}<\/RequestId><HostId>.+<\/HostId><\/Error>$/)
  const head = await rawRequest(`${world.url}/lake`, { method: 'HEAD' })
  assert.deepEqual([head.status, head.body, head.headers['x-amz-bucket-region']], [403, '', 'eu-central-1'])
})
