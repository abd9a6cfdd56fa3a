/** The plugin for the AWS SDK against the sandbox: what is read, written and refused with vended credentials. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CreateAccessKeyCommand, CreateUserCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam'
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import {
  CreateAccessGrantCommand,
  CreateAccessGrantsLocationCommand,
  DeleteAccessGrantCommand,
  PutAccessGrantsInstanceResourcePolicyCommand,
} from '@aws-sdk/client-s3-control'
import {
  AccessDenied,
  accessGrants,
  awsVendor,
  DifferentBuckets,
  NotByAccessGrants,
  type Vendor,
} from '@headgate/client'
import { type Sandbox, startSandbox } from '@headgate/sandbox'
import { allow, prepareAccount, type TestAccount } from '../../packages/server/test/support/aws-account.ts'

describe('the plugin for the AWS SDK', () => {
  let sandbox: Sandbox
  let account: TestAccount
  let location: string
  /** Milliseconds that AWS's clock is ahead of ours. */
  let ahead = 0
  before(async () => {
    sandbox = await startSandbox({ now: () => Date.now() + ahead })
    account = await prepareAccount(sandbox, { bucket: 'lake', region: 'eu-central-1' })
    const { accountId, locationRole } = account
    const made = await account.owner.s3Control.send(
      new CreateAccessGrantsLocationCommand({
        ...{ AccountId: accountId, IAMRoleArn: locationRole, LocationScope: 's3://' },
      }),
    )
    location = made.AccessGrantsLocationId ?? ''
    for (let n = 0; n < 100; n++)
      await account.owner.s3.send(new PutObjectCommand({ Bucket: 'lake', Key: `a/${n}`, Body: `number ${n}` }))
  })
  after(() => sandbox.close())

  /** Somebody of an account who may do nothing in S3 but ask for grants. */
  async function person(name: string, { owner }: TestAccount = account) {
    const { User } = await owner.iam.send(new CreateUserCommand({ UserName: name }))
    const PolicyDocument = allow('s3:GetDataAccess', 's3:GetAccessGrantsInstanceForPrefix', 'sts:GetCallerIdentity')
    await owner.iam.send(new PutUserPolicyCommand({ UserName: name, PolicyName: 'ask', PolicyDocument }))
    const { AccessKey } = await owner.iam.send(new CreateAccessKeyCommand({ UserName: name }))
    const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {}
    return { arn: User?.Arn ?? '', credentials: { accessKeyId, secretAccessKey } }
  }

  async function granted(arn: string, scope: string, Permission: 'READ' | 'READWRITE', isObject = false) {
    const { AccessGrantId } = await account.owner.s3Control.send(
      new CreateAccessGrantCommand({
        ...{ AccountId: account.accountId, AccessGrantsLocationId: location, Permission },
        AccessGrantsLocationConfiguration: { S3SubPrefix: scope },
        Grantee: { GranteeType: 'IAM', GranteeIdentifier: arn },
        ...(isObject && { S3PrefixType: 'Object' }),
      }),
    )
    return AccessGrantId ?? ''
  }

  /** A client of somebody, and how often it asked for credentials. */
  function client(credentials: { accessKeyId: string; secretAccessKey: string }, region = 'eu-central-1') {
    const asked = awsVendor({ credentials, region, endpoint: sandbox.url })
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
      endpoint: sandbox.url,
      forcePathStyle: true,
      followRegionRedirects: true,
    })
    s3.middlewareStack.use(accessGrants({ vendor }))
    return { s3, seen }
  }

  const text = async (s3: S3Client, Key: string, Bucket = 'lake') =>
    (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString()

  test('a hundred reads at once are one vend, and what is not granted is refused by name', async () => {
    const ann = await person('ann')
    await granted(ann.arn, 'lake/a/*', 'READ')
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
    const ben = await person('ben')
    await granted(ben.arn, 'lake/b/*', 'READWRITE')
    const { s3 } = client(ben.credentials)
    await s3.send(new PutObjectCommand({ Bucket: 'lake', Key: 'b/1', Body: 'one' }))
    await s3.send(new CopyObjectCommand({ Bucket: 'lake', Key: 'b/2', CopySource: 'lake/b/1' }))
    assert.equal(await text(s3, 'b/2'), 'one')
    await s3.send(new DeleteObjectsCommand({ Bucket: 'lake', Delete: { Objects: [{ Key: 'b/1' }, { Key: 'b/2' }] } }))
    const across = new CopyObjectCommand({ Bucket: 'lake', Key: 'b/3', CopySource: 'other/b/1' })
    await assert.rejects(s3.send(across), DifferentBuckets)
  })

  test('a grant for one object is asked for once', async () => {
    const cid = await person('cid')
    for (const n of [1, 2]) await granted(cid.arn, `lake/a/${n}`, 'READ', true)
    const { s3, seen } = client(cid.credentials)
    for (const n of [1, 2, 1, 2]) assert.equal(await text(s3, `a/${n}`), `number ${n}`)
    assert.equal(seen.vends.size, 2)
    await assert.rejects(text(s3, 'a/3'), AccessDenied)
  })

  test('who may not even ask is told that it is their own identity', async () => {
    const { iam } = account.owner
    const dan = await person('dan')
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
    const eve = await person('eve')
    const grant = await granted(eve.arn, 'lake/a/*', 'READ')
    const { s3, seen } = client(eve.credentials)
    await text(s3, 'a/1')
    ahead = 61 * 60_000
    try {
      assert.equal(await text(s3, 'a/2'), 'number 2')
      assert.equal(seen.vends.size, 2)
      ahead = 0
      await account.owner.s3Control.send(
        new DeleteAccessGrantCommand({ AccountId: account.accountId, AccessGrantId: grant }),
      )
      ahead = 122 * 60_000
      await assert.rejects(text(s3, 'a/3'), AccessDenied)
    } finally {
      ahead = 0
    }
  })

  test('a bucket of another account and region, whose instance lets ours ask', async () => {
    const theirs = await prepareAccount(sandbox, { accountId: '444455556666', bucket: 'theirs', region: 'us-west-2' })
    const { accountId: AccountId, owner, locationRole } = theirs
    const made = await owner.s3Control.send(
      new CreateAccessGrantsLocationCommand({ AccountId, IAMRoleArn: locationRole, LocationScope: 's3://' }),
    )
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        ...{ Effect: 'Allow', Principal: { AWS: account.accountId } },
        Action: ['s3:GetDataAccess', 's3:GetAccessGrantsInstanceForPrefix'],
        Resource: `arn:aws:s3:us-west-2:${AccountId}:access-grants/default`,
      },
    })
    await owner.s3Control.send(new PutAccessGrantsInstanceResourcePolicyCommand({ AccountId, Policy }))
    const fay = await person('fay')
    await owner.s3Control.send(
      new CreateAccessGrantCommand({
        ...{ AccountId, AccessGrantsLocationId: made.AccessGrantsLocationId, Permission: 'READ' },
        AccessGrantsLocationConfiguration: { S3SubPrefix: 'theirs/public/*' },
        Grantee: { GranteeType: 'IAM', GranteeIdentifier: fay.arn },
      }),
    )
    assert.equal(await text(client(fay.credentials).s3, 'public/hello.txt', 'theirs'), 'hello')
  })
})
