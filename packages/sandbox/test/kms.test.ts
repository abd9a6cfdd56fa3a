import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as kms from '@aws-sdk/client-kms'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  GetBucketEncryptionCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketEncryptionCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { type Keys, refusal, type S3World, s3World } from './s3-world.ts'

const account = '111122223333'
const region = 'eu-central-1'
let world: S3World
let admin: Keys
let keys: kms.KMSClient

const clientOf = (credentials: Keys) => new kms.KMSClient({ region, endpoint: world.url, credentials, maxAttempts: 1 })

before(async () => {
  world = await s3World()
  admin = await world.account(account)
  keys = clientOf(admin)
})
after(() => world.close())

async function makeKey(statements?: readonly object[]): Promise<string> {
  const Policy = statements && JSON.stringify({ Version: '2012-10-17', Statement: statements })
  return (await keys.send(new kms.CreateKeyCommand({ Policy }))).KeyMetadata?.Arn ?? ''
}
const ownedBy = (AWS: string, Action: string) => ({ Effect: 'Allow', Principal: { AWS }, Action, Resource: '*' })

describe('keys', () => {
  test('decrypt what they encrypted, in the same context, and nothing else', async () => {
    const KeyId = await makeKey()
    const EncryptionContext = { table: 'a', row: '1' }
    const { CiphertextBlob } = await keys.send(
      new kms.EncryptCommand({ KeyId, Plaintext: Buffer.from('secret'), EncryptionContext }),
    )
    const back = await keys.send(
      new kms.DecryptCommand({ CiphertextBlob, EncryptionContext: { row: '1', table: 'a' } }),
    )
    assert.equal(Buffer.from(back.Plaintext ?? []).toString(), 'secret')
    assert.equal(back.KeyId, KeyId)
    const other = keys.send(new kms.DecryptCommand({ CiphertextBlob, EncryptionContext: { row: '2', table: 'a' } }))
    assert.equal((await refusal(other)).code, 'InvalidCiphertextException')
    const wrong = keys.send(new kms.DecryptCommand({ CiphertextBlob, EncryptionContext, KeyId: await makeKey() }))
    assert.equal((await refusal(wrong)).code, 'IncorrectKeyException')
    const forged = Buffer.from(CiphertextBlob ?? [])
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    const changed = keys.send(new kms.DecryptCommand({ CiphertextBlob: forged, EncryptionContext }))
    assert.equal((await refusal(changed)).code, 'InvalidCiphertextException')
  })

  test('make data keys', async () => {
    const KeyId = await makeKey()
    const made = await keys.send(new kms.GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }))
    assert.equal(made.Plaintext?.length, 32)
    const opened = await keys.send(new kms.DecryptCommand({ CiphertextBlob: made.CiphertextBlob }))
    assert.deepEqual(opened.Plaintext, made.Plaintext)
    const sealed = await keys.send(new kms.GenerateDataKeyWithoutPlaintextCommand({ KeyId, NumberOfBytes: 16 }))
    assert.equal(
      (await keys.send(new kms.DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob }))).Plaintext?.length,
      16,
    )
    const neither = keys.send(new kms.GenerateDataKeyCommand({ KeyId }))
    assert.equal((await refusal(neither)).code, 'ValidationException')
  })

  test('are named by id, ARN or alias, and listed', async () => {
    const arn = await makeKey()
    await keys.send(new kms.CreateAliasCommand({ AliasName: 'alias/lake', TargetKeyId: arn }))
    for (const KeyId of ['alias/lake', arn, arn.split('/')[1], `arn:aws:kms:${region}:${account}:alias/lake`]) {
      assert.equal((await keys.send(new kms.DescribeKeyCommand({ KeyId }))).KeyMetadata?.Arn, arn, KeyId)
    }
    const again = keys.send(new kms.CreateAliasCommand({ AliasName: 'alias/lake', TargetKeyId: arn }))
    assert.equal((await refusal(again)).code, 'AlreadyExistsException')
    assert.equal(
      (await refusal(keys.send(new kms.DescribeKeyCommand({ KeyId: 'alias/no' })))).code,
      'NotFoundException',
    )
    const listed: (string | undefined)[] = []
    let Marker: string | undefined
    do {
      const page = await keys.send(new kms.ListKeysCommand({ Limit: 1, Marker }))
      listed.push(...(page.Keys ?? []).map(one => one.KeyArn))
      Marker = page.NextMarker
    } while (Marker !== undefined)
    assert.ok(listed.includes(arn))
    assert.equal(new Set(listed).size, world.sandbox.state.kmsKeys.size)
  })

  test('are no use while disabled or waiting to be deleted', async () => {
    const KeyId = await makeKey()
    const use = () => keys.send(new kms.GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }))
    await keys.send(new kms.DisableKeyCommand({ KeyId }))
    assert.equal((await refusal(use())).code, 'DisabledException')
    await keys.send(new kms.EnableKeyCommand({ KeyId }))
    await use()
    const { DeletionDate } = await keys.send(new kms.ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))
    assert.ok(DeletionDate)
    assert.equal((await refusal(use())).code, 'KMSInvalidStateException')
    await keys.send(new kms.CancelKeyDeletionCommand({ KeyId }))
    assert.equal((await refusal(use())).code, 'DisabledException')
  })

  test('are used by nobody whom their own policy does not let, whatever IAM says', async () => {
    const everything = [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }]
    const user = clientOf(await world.user(admin, 'key-user', everything))
    const use = (KeyId: string) => user.send(new kms.GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }))
    await use(await makeKey())
    const closed = await makeKey([ownedBy(`arn:aws:iam::${account}:user/somebody-else`, 'kms:*')])
    assert.equal((await refusal(use(closed))).code, 'AccessDeniedException')
    const named = clientOf(await world.user(admin, 'named-user', [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]))
    const open = await makeKey([ownedBy(`arn:aws:iam::${account}:user/named-user`, 'kms:GenerateDataKey')])
    await named.send(new kms.GenerateDataKeyCommand({ KeyId: open, KeySpec: 'AES_256' }))
    assert.equal((await refusal(named.send(new kms.DescribeKeyCommand({ KeyId: open })))).code, 'AccessDeniedException')
  })
})

describe('objects encrypted with a key', () => {
  let s3: S3Client
  before(async () => {
    s3 = world.client(admin)
    await s3.send(
      new CreateBucketCommand({ Bucket: 'sealed', CreateBucketConfiguration: { LocationConstraint: region } }),
    )
  })
  const Bucket = 'sealed'

  test('are read by those who may decrypt with it through S3', async () => {
    const SSEKMSKeyId = await makeKey()
    const put = new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ServerSideEncryption: 'aws:kms', SSEKMSKeyId })
    const written = await s3.send(put)
    assert.deepEqual([written.ServerSideEncryption, written.SSEKMSKeyId], ['aws:kms', SSEKMSKeyId])
    const read = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }
    const get = new GetObjectCommand({ Bucket, Key: 'k' })
    const without = world.client(await world.user(admin, 'without-key', [read]))
    const refused = await refusal(without.send(get))
    assert.deepEqual([refused.code, refused.status], ['AccessDenied', 403])
    assert.match(refused.message, /kms:Decrypt/)
    const via = {
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: SSEKMSKeyId,
      Condition: { StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } },
    }
    const withKey = world.client(await world.user(admin, 'with-key', [read, via]))
    assert.equal(await (await withKey.send(get)).Body?.transformToString(), 'x')
    await keys.send(new kms.DisableKeyCommand({ KeyId: SSEKMSKeyId }))
    assert.equal((await refusal(s3.send(get))).code, 'KMS.DisabledException')
  })

  test('take the key of the bucket where the write names none', async () => {
    const KMSMasterKeyID = await makeKey()
    const ApplyServerSideEncryptionByDefault = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID } as const
    const Rules = [{ ApplyServerSideEncryptionByDefault }]
    const set = { Bucket, ServerSideEncryptionConfiguration: { Rules } }
    await s3.send(new PutBucketEncryptionCommand(set))
    const got = await s3.send(new GetBucketEncryptionCommand({ Bucket }))
    assert.deepEqual(
      got.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault,
      ApplyServerSideEncryptionByDefault,
    )
    await s3.send(new PutObjectCommand({ Bucket, Key: 'default', Body: 'x' }))
    assert.equal((await s3.send(new HeadObjectCommand({ Bucket, Key: 'default' }))).SSEKMSKeyId, KMSMasterKeyID)
    const plain = new CopyObjectCommand({
      Bucket,
      Key: 'default',
      CopySource: `${Bucket}/default`,
      ServerSideEncryption: 'AES256',
    })
    assert.equal((await s3.send(plain)).ServerSideEncryption, 'AES256')
  })

  test('are refused with a key that is not there', async () => {
    const SSEKMSKeyId = `arn:aws:kms:${region}:${account}:key/none`
    const put = new PutObjectCommand({ Bucket, Key: 'n', Body: 'x', ServerSideEncryption: 'aws:kms', SSEKMSKeyId })
    assert.equal((await refusal(s3.send(put))).code, 'KMS.NotFoundException')
  })
})
