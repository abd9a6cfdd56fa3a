import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import {
  ChecksumAlgorithm,
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { refusal, type S3World, s3World } from './s3-world.ts'

let world: S3World
let s3: S3Client
const Bucket = 'objects'

before(async () => {
  world = await s3World()
  s3 = world.client(await world.account('111122223333'))
  const CreateBucketConfiguration = { LocationConstraint: 'eu-central-1' } as const
  await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }))
})
after(() => world.close())

async function read(Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
  return Buffer.from((await Body?.transformToByteArray()) ?? [])
}

test('a string, a buffer and a stream come back as they were sent', async () => {
  const binary = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 31 + (at >> 8)) & 0xff))
  const stream = Readable.from([binary.subarray(0, 100_001), binary.subarray(100_001)])
  await s3.send(new PutObjectCommand({ Bucket, Key: 'string', Body: 'Grüße' }))
  await s3.send(new PutObjectCommand({ Bucket, Key: 'buffer', Body: binary }))
  await s3.send(new PutObjectCommand({ Bucket, Key: 'stream', Body: stream, ContentLength: binary.length }))
  await s3.send(new PutObjectCommand({ Bucket, Key: 'empty', Body: '' }))
  assert.equal((await read('string')).toString(), 'Grüße')
  assert.ok((await read('buffer')).equals(binary))
  assert.ok((await read('stream')).equals(binary))
  assert.equal((await read('empty')).length, 0)
})

test('the ETag is the MD5 of the content, quoted', async () => {
  const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: 'etag', Body: 'content' }))
  assert.equal(ETag, `"${createHash('md5').update('content').digest('hex')}"`)
})

test('every checksum algorithm is verified on the way in and given back when asked for', async () => {
  for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const) {
    const Key = `checksum/${algorithm}`
    const Body = Readable.from([Buffer.from('a stream of '), Buffer.from('two chunks')])
    const input = { Bucket, Key, Body, ContentLength: 22, ChecksumAlgorithm: ChecksumAlgorithm[algorithm] }
    const put = await s3.send(new PutObjectCommand(input))
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
    assert.ok(put[`Checksum${algorithm}`], algorithm)
    assert.equal(head[`Checksum${algorithm}`], put[`Checksum${algorithm}`])
    assert.equal((await read(Key)).toString(), 'a stream of two chunks')
  }
})

test('without a checksum from the client S3 computes CRC64NVME, and shows none unless asked', async () => {
  const plain = world.client(await world.account('444455556666'), {
    region: 'us-east-1',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  await plain.send(new CreateBucketCommand({ Bucket: 'plain-client' }))
  const at = { Bucket: 'plain-client', Key: 'k' }
  const put = await plain.send(new PutObjectCommand({ ...at, Body: '123456789' }))
  assert.equal(put.ChecksumCRC64NVME, Buffer.from('ae8b14860a799888', 'hex').toString('base64'))
  assert.equal((await plain.send(new HeadObjectCommand(at))).ChecksumCRC64NVME, undefined)
})

test('a body that does not fit its checksum or MD5 is refused and nothing of it is kept', async () => {
  const wrongCrc = new PutObjectCommand({ Bucket, Key: 'broken', Body: 'content', ChecksumCRC32: 'AAAAAA==' })
  assert.equal((await refusal(s3.send(wrongCrc))).code, 'BadDigest')
  const otherMd5 = createHash('md5').update('other').digest('base64')
  const wrongMd5 = new PutObjectCommand({ Bucket, Key: 'broken', Body: 'content', ContentMD5: otherMd5 })
  assert.equal((await refusal(s3.send(wrongMd5))).code, 'BadDigest')
  const noMd5 = new PutObjectCommand({ Bucket, Key: 'broken', Body: 'content', ContentMD5: 'short' })
  assert.equal((await refusal(s3.send(noMd5))).code, 'InvalidDigest')
  assert.equal((await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: 'broken' })))).code, 'NotFound')
})

test('metadata, type and the other headers come back; a type that was not given is binary/octet-stream', async () => {
  const described = {
    ContentType: 'text/csv; charset=utf-8',
    ContentEncoding: 'gzip',
    CacheControl: 'max-age=60',
    ContentDisposition: 'attachment',
    ContentLanguage: 'de',
    Metadata: { owner: 'finance', 'two-words': 'a b' },
  }
  const Body = Readable.from([Buffer.from('x')])
  await s3.send(new PutObjectCommand({ Bucket, Key: 'described', Body, ContentLength: 1, ...described }))
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'described' }))
  for (const [name, value] of Object.entries(described)) assert.deepEqual(head[name as keyof typeof head], value, name)
  assert.equal(head.ServerSideEncryption, 'AES256')
  assert.equal(head.ContentLength, 1)

  const big = new PutObjectCommand({ Bucket, Key: 'big', Body: 'x', Metadata: { note: 'n'.repeat(2050) } })
  assert.equal((await refusal(s3.send(big))).code, 'MetadataTooLarge')
})

test('a part of an object is served as 206, and one beyond its end is 416', async () => {
  await s3.send(new PutObjectCommand({ Bucket, Key: 'digits', Body: '0123456789' }))
  const part = async (Range: string) => {
    const answer = await s3.send(new GetObjectCommand({ Bucket, Key: 'digits', Range }))
    const text = await answer.Body?.transformToString()
    return [answer.$metadata.httpStatusCode, text, answer.ContentRange, answer.ContentLength]
  }
  assert.deepEqual(await part('bytes=2-4'), [206, '234', 'bytes 2-4/10', 3])
  assert.deepEqual(await part('bytes=7-'), [206, '789', 'bytes 7-9/10', 3])
  assert.deepEqual(await part('bytes=-2'), [206, '89', 'bytes 8-9/10', 2])
  assert.deepEqual(await part('bytes=0-1,3-4'), [200, '0123456789', undefined, 10])
  const beyond = await refusal(s3.send(new GetObjectCommand({ Bucket, Key: 'digits', Range: 'bytes=10-' })))
  assert.deepEqual([beyond.code, beyond.status], ['InvalidRange', 416])
})

test('conditional reads and writes are kept', async () => {
  const at = { Bucket, Key: 'conditional' }
  const { ETag } = await s3.send(new PutObjectCommand({ ...at, Body: 'one', IfNoneMatch: '*' }))
  const notModified = await refusal(s3.send(new GetObjectCommand({ ...at, IfNoneMatch: ETag })))
  assert.equal(notModified.status, 304)
  assert.equal((await refusal(s3.send(new GetObjectCommand({ ...at, IfMatch: '"x"' })))).code, 'PreconditionFailed')
  const again = new PutObjectCommand({ ...at, Body: 'two', IfNoneMatch: '*' })
  assert.equal((await refusal(s3.send(again))).code, 'PreconditionFailed')
  const stale = new PutObjectCommand({ ...at, Body: 'two', IfMatch: '"x"' })
  assert.equal((await refusal(s3.send(stale))).code, 'PreconditionFailed')
  await s3.send(new PutObjectCommand({ ...at, Body: 'two', IfMatch: ETag }))
  assert.equal((await read(at.Key)).toString(), 'two')
  assert.equal((await refusal(s3.send(new DeleteObjectCommand({ ...at, IfMatch: '"x"' })))).code, 'PreconditionFailed')
})

test('response headers can be overridden by the query', async () => {
  await s3.send(new PutObjectCommand({ Bucket, Key: 'override', Body: 'x' }))
  const asked = { ResponseContentType: 'text/plain', ResponseContentDisposition: 'attachment; filename="a b.txt"' }
  const answer = await s3.send(new GetObjectCommand({ Bucket, Key: 'override', ...asked }))
  assert.deepEqual([answer.ContentType, answer.ContentDisposition], Object.values(asked))
  await answer.Body?.transformToByteArray()
  const named = { Bucket, Key: 'override', ResponseContentDisposition: 'inline; filename="ü.txt"' }
  const { ContentDisposition, Body } = await s3.send(new GetObjectCommand(named))
  await Body?.transformToByteArray()
  assert.equal(ContentDisposition, named.ResponseContentDisposition)
  for (const ResponseContentType of ['text/plain\r\nset-cookie: a=b', 'text/€']) {
    const wrong = new GetObjectCommand({ Bucket, Key: 'override', ResponseContentType })
    assert.equal((await refusal(s3.send(wrong))).code, 'InvalidArgument')
  }
})

test('odd keys are kept letter by letter', async () => {
  const keys = ['a b', 'a+b', 'a//b', '/lead', 'x/../y', './z', '*', 'ä ö/ü', '💧', '%41', "q'(!)~", 'tail/', '&<">']
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key: `odd/${Key}`, Body: Key }))
  for (const Key of keys) assert.equal((await read(`odd/${Key}`)).toString(), Key)
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'odd/' }))
  assert.deepEqual(new Set(Contents.map(({ Key }) => Key)), new Set(keys.map(key => `odd/${key}`)))
  const long = new PutObjectCommand({ Bucket, Key: 'ü'.repeat(513), Body: 'x' })
  assert.equal((await refusal(s3.send(long))).code, 'KeyTooLongError')
})

test('deleting is done also where there is nothing to delete', async () => {
  await s3.send(new PutObjectCommand({ Bucket, Key: 'gone', Body: 'x' }))
  for (const _ of [1, 2]) {
    const { $metadata } = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }))
    assert.equal($metadata.httpStatusCode, 204)
  }
  assert.equal((await refusal(s3.send(new GetObjectCommand({ Bucket, Key: 'gone' })))).code, 'NoSuchKey')
})

test('many objects are deleted at once, each with its own outcome', async () => {
  const keys = ['many/1', 'many/ 2 ', 'many/&<>']
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
  const Delete = { Objects: [...keys, 'many/never'].map(Key => ({ Key })) }
  const { Deleted = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete }))
  assert.deepEqual(
    Deleted.map(({ Key }) => Key),
    [...keys, 'many/never'],
  )
  const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'many/' }))
  assert.equal(KeyCount, 0)
})

test('a copy keeps the metadata or replaces it, and needs a reason to be made onto itself', async () => {
  const source = { Bucket, Key: 'copy/from ü+' }
  await s3.send(new PutObjectCommand({ ...source, Body: 'copied', ContentType: 'text/a', Metadata: { a: '1' } }))
  const CopySource = `${Bucket}/${encodeURIComponent(source.Key)}`
  const { CopyObjectResult } = await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy/to', CopySource }))
  assert.equal(CopyObjectResult?.ETag, `"${createHash('md5').update('copied').digest('hex')}"`)
  const kept = await s3.send(new HeadObjectCommand({ Bucket, Key: 'copy/to' }))
  assert.deepEqual([kept.ContentType, kept.Metadata], ['text/a', { a: '1' }])

  const replace = { MetadataDirective: 'REPLACE', Metadata: { b: '2' }, ContentType: 'text/b' } as const
  await s3.send(new CopyObjectCommand({ ...source, CopySource, ...replace }))
  const replaced = await s3.send(new HeadObjectCommand(source))
  assert.deepEqual([replaced.ContentType, replaced.Metadata], ['text/b', { b: '2' }])
  assert.equal((await refusal(s3.send(new CopyObjectCommand({ ...source, CopySource })))).code, 'InvalidRequest')
  const missing = new CopyObjectCommand({ Bucket, Key: 'copy/to', CopySource: `${Bucket}/nothing` })
  assert.equal((await refusal(s3.send(missing))).code, 'NoSuchKey')
  const unmet = new CopyObjectCommand({ Bucket, Key: 'copy/to', CopySource, CopySourceIfMatch: '"x"' })
  assert.equal((await refusal(s3.send(unmet))).code, 'PreconditionFailed')
})

test('the ACL of an object gives its owner full control', async () => {
  await s3.send(new PutObjectCommand({ Bucket, Key: 'acl', Body: 'x' }))
  const { Owner, Grants = [] } = await s3.send(new GetObjectAclCommand({ Bucket, Key: 'acl' }))
  assert.match(Owner?.ID ?? '', /^[0-9a-f]{64}$/)
  assert.deepEqual(
    Grants.map(({ Grantee, Permission }) => [Grantee?.ID, Permission]),
    [[Owner?.ID, 'FULL_CONTROL']],
  )
})

test('what the sandbox lacks is refused by name and never half done', async () => {
  const kms = new PutObjectCommand({ Bucket, Key: 'kms', Body: 'x', ServerSideEncryption: 'aws:kms' })
  assert.equal((await refusal(s3.send(kms))).code, 'NotImplemented')
  const retention = new PutObjectRetentionCommand({ Bucket, Key: 'acl', Retention: { Mode: 'GOVERNANCE' } })
  assert.deepEqual((await refusal(s3.send(retention))).status, 501)
  assert.equal((await refusal(s3.send(new GetObjectCommand({ Bucket, Key: 'acl', PartNumber: 1 })))).status, 501)
  const open = new PutObjectCommand({ Bucket, Key: 'open', Body: 'x', ACL: 'public-read' })
  assert.equal((await refusal(s3.send(open))).code, 'AccessControlListNotSupported')
})
