/** The plugin for the AWS SDK against the sandbox: what is read, written and refused with vended credentials. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { PutUserPolicyCommand } from '@aws-sdk/client-iam'
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { DeleteAccessGrantCommand, PutAccessGrantsInstanceResourcePolicyCommand } from '@aws-sdk/client-s3-control'
import {
  AccessDenied,
  accessGrants,
  awsVendor,
  DifferentBuckets,
  NotByAccessGrants,
  type Vendor,
} from '@headgate/client'
import { allow, prepareAccount } from '../../packages/server/test/support/aws-account.ts'
import { type Lake, newGrant, newLocation, startLake } from './support/lake.ts'

describe('the plugin for the AWS SDK', () => {
  let lake: Lake
  before(async () => {
    lake = await startLake()
  })
  after(() => lake.close())

  /** A client of somebody, and how often it asked for credentials. */
  function client(credentials: { accessKeyId: string; secretAccessKey: string }, region = 'eu-central-1') {
    const asked = awsVendor({ credentials, region, endpoint: lake.sandbox.url })
    const seen = { vends: new Set<unknown>() }
    const vendor: Vendor = {
      drop: asked.drop,
      async vend(wanted) {
        const vended = await asked.vend(wanted)
        seen.vends.add(vended)
        return vended
      },
    }
    const s3 = new S3Client({
      region,
      credentials,
      endpoint: lake.sandbox.url,
      forcePathStyle: true,
      followRegionRedirects: true,
    })
    s3.middlewareStack.use(accessGrants({ vendor }))
    return { s3, seen }
  }

  const text = async (s3: S3Client, Key: string, Bucket = 'lake') =>
    (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString()

  test('a hundred reads at once are one vend, and what is not granted is refused by name', async () => {
    const ann = await lake.person('ann')
    await lake.grant(ann.arn, 'lake/a/*', 'READ')
    const { s3, seen } = client(ann.credentials)
    const read = await Promise.all(Array.from({ length: 100 }, (_, n) => text(s3, `a/${n}`)))
    assert.equal(read[42], 'number 42')
    assert.equal(seen.vends.size, 1)
    const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: 'lake', Prefix: 'a/' }))
    assert.equal(KeyCount, 100)
    assert.equal(seen.vends.size, 1)
    await assert.rejects(text(s3, 'public/hello.txt'), error => {
      assert.ok(error instanceof AccessDenied)
      assert.equal(error.layer, 'grant')
      assert.match(error.message, /s3:\/\/lake\/public\/hello\.txt/)
      return true
    })
    await assert.rejects(s3.send(new PutObjectCommand({ Bucket: 'lake', Key: 'a/new', Body: '' })), AccessDenied)
    await assert.rejects(s3.send(new ListBucketsCommand({})), NotByAccessGrants)
  })

  test('one who may write puts, copies inside the bucket and deletes many; never across buckets', async () => {
    const ben = await lake.person('ben')
    await lake.grant(ben.arn, 'lake/b/*', 'READWRITE')
    const { s3 } = client(ben.credentials)
    await s3.send(new PutObjectCommand({ Bucket: 'lake', Key: 'b/1', Body: 'one' }))
    await s3.send(new CopyObjectCommand({ Bucket: 'lake', Key: 'b/2', CopySource: 'lake/b/1' }))
    assert.equal(await text(s3, 'b/2'), 'one')
    await s3.send(new DeleteObjectsCommand({ Bucket: 'lake', Delete: { Objects: [{ Key: 'b/1' }, { Key: 'b/2' }] } }))
    const across = new CopyObjectCommand({ Bucket: 'lake', Key: 'b/3', CopySource: 'other/b/1' })
    await assert.rejects(s3.send(across), DifferentBuckets)
  })

  test('a grant for one object is asked for once', async () => {
    const cid = await lake.person('cid')
    for (const n of [1, 2]) await lake.grant(cid.arn, `lake/a/${n}`, 'READ', true)
    const { s3, seen } = client(cid.credentials)
    for (const n of [1, 2, 1, 2]) assert.equal(await text(s3, `a/${n}`), `number ${n}`)
    assert.equal(seen.vends.size, 2)
    await assert.rejects(text(s3, 'a/3'), AccessDenied)
  })

  test('who may not even ask is told that it is their own identity', async () => {
    const { iam } = lake.account.owner
    const dan = await lake.person('dan')
    await iam.send(
      new PutUserPolicyCommand({
        UserName: 'dan',
        PolicyName: 'ask',
        PolicyDocument: allow('s3:GetAccessGrantsInstanceForPrefix'),
      }),
    )
    const { s3 } = client(dan.credentials)
    await assert.rejects(text(s3, 'a/1'), error => error instanceof AccessDenied && error.layer === 'identityPolicy')
  })

  test('work goes on when credentials end before their time, and stops once the grant is gone', async () => {
    const eve = await lake.person('eve')
    const grant = await lake.grant(eve.arn, 'lake/a/*', 'READ')
    const { s3, seen } = client(eve.credentials)
    await text(s3, 'a/1')
    lake.clock.aheadMs = 61 * 60_000
    try {
      assert.equal(await text(s3, 'a/2'), 'number 2')
      assert.equal(seen.vends.size, 2)
      lake.clock.aheadMs = 0
      await lake.account.owner.s3Control.send(
        new DeleteAccessGrantCommand({ AccountId: lake.account.accountId, AccessGrantId: grant }),
      )
      lake.clock.aheadMs = 122 * 60_000
      await assert.rejects(text(s3, 'a/3'), AccessDenied)
    } finally {
      lake.clock.aheadMs = 0
    }
  })

  test('a bucket of another account and region, whose instance lets ours ask', async () => {
    const theirs = await prepareAccount(lake.sandbox, {
      accountId: '444455556666',
      bucket: 'theirs',
      region: 'us-west-2',
    })
    const { accountId: AccountId, owner } = theirs
    const location = await newLocation(theirs)
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        ...{ Effect: 'Allow', Principal: { AWS: lake.account.accountId } },
        Action: ['s3:GetDataAccess', 's3:GetAccessGrantsInstanceForPrefix'],
        Resource: `arn:aws:s3:us-west-2:${AccountId}:access-grants/default`,
      },
    })
    await owner.s3Control.send(new PutAccessGrantsInstanceResourcePolicyCommand({ AccountId, Policy }))
    const fay = await lake.person('fay')
    await newGrant(theirs, location, { arn: fay.arn, scope: 'theirs/public/*', permission: 'READ', isObject: false })
    assert.equal(await text(client(fay.credentials).s3, 'public/hello.txt', 'theirs'), 'hello')
  })
})
