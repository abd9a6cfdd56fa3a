import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { type Keys, refusal, type S3World, s3World } from './s3-world.ts'

let world: S3World
let admin: Keys
let s3: S3Client
const Bucket = 'lake'
const big = Buffer.alloc(5 * 1024 * 1024, 'a')
const small = Buffer.from('the end')

before(async () => {
  world = await s3World()
  admin = await world.account('111122223333')
  s3 = world.client(admin)
  await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }))
})
after(() => world.close())

async function begin(Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}): Promise<string> {
  return (await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))).UploadId ?? ''
}
const upload = async (Key: string, UploadId: string, PartNumber: number, Body: Buffer) => {
  const { ETag, ChecksumCRC32 } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }))
  return { PartNumber, ETag, ChecksumCRC32 }
}
const complete = (Key: string, UploadId: string, Parts: readonly { PartNumber: number; ETag: string | undefined }[]) =>
  s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: [...Parts] } }))

test('an object is put together from its parts, in the order of their numbers', async () => {
  const UploadId = await begin('whole', { ContentType: 'text/csv', Metadata: { a: 'b' }, Tagging: 'x=y' })
  const second = await upload('whole', UploadId, 7, small)
  const first = await upload('whole', UploadId, 2, big)
  assert.equal((await refusal(s3.send(new GetObjectCommand({ Bucket, Key: 'whole' })))).code, 'NoSuchKey')
  const answer = await complete('whole', UploadId, [first, second])
  const md5 = (content: Buffer) => createHash('md5').update(content).digest()
  const etag = `"${md5(Buffer.concat([md5(big), md5(small)])).toString('hex')}-2"`
  assert.equal(answer.ETag, etag)
  const read = await s3.send(new GetObjectCommand({ Bucket, Key: 'whole' }))
  assert.deepEqual([read.ETag, read.ContentType, read.Metadata, read.TagCount], [etag, 'text/csv', { a: 'b' }, 1])
  const content = Buffer.from((await read.Body?.transformToByteArray()) ?? [])
  assert.ok(content.equals(Buffer.concat([big, small])))
  assert.equal((await refusal(complete('whole', UploadId, [first]))).code, 'NoSuchUpload')
})

test('checksums are of the parts together, or of the whole, as was asked', async () => {
  const composite = await begin('composite', { ChecksumAlgorithm: 'SHA256' })
  const part = { Bucket, Key: 'composite', UploadId: composite, PartNumber: 1, Body: small }
  const { ETag } = await s3.send(new UploadPartCommand({ ...part, ChecksumAlgorithm: 'SHA256' }))
  const other = s3.send(new UploadPartCommand({ ...part, ChecksumAlgorithm: 'CRC32' }))
  assert.equal((await refusal(other)).code, 'InvalidRequest')
  await complete('composite', composite, [{ PartNumber: 1, ETag }])
  const head = new HeadObjectCommand({ Bucket, Key: 'composite', ChecksumMode: 'ENABLED' })
  const sha = (content: Buffer) => createHash('sha256').update(content).digest()
  const { ChecksumSHA256, ChecksumType } = await s3.send(head)
  assert.deepEqual([ChecksumSHA256, ChecksumType], [`${sha(sha(small)).toString('base64')}-1`, 'COMPOSITE'])

  const full = await begin('full', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' })
  const parts = [await upload('full', full, 1, small)]
  const answer = await complete('full', full, parts)
  assert.deepEqual([answer.ChecksumCRC32, answer.ChecksumType], [parts[0]?.ChecksumCRC32, 'FULL_OBJECT'])
  const impossible = begin('none', { ChecksumAlgorithm: 'SHA1', ChecksumType: 'FULL_OBJECT' })
  assert.equal((await refusal(impossible)).code, 'InvalidRequest')
})

test('what does not fit together is refused, and the upload goes on', async () => {
  const UploadId = await begin('refused')
  const one = await upload('refused', UploadId, 1, small)
  const two = await upload('refused', UploadId, 2, small)
  assert.equal((await refusal(complete('refused', UploadId, [one, two]))).code, 'EntityTooSmall')
  assert.equal((await refusal(complete('refused', UploadId, [two, one]))).code, 'InvalidPartOrder')
  assert.equal(
    (await refusal(complete('refused', UploadId, [{ ...one, ETag: two.ETag && '"0"' }]))).code,
    'InvalidPart',
  )
  assert.equal((await refusal(complete('refused', UploadId, [{ PartNumber: 3, ETag: one.ETag }]))).code, 'InvalidPart')
  assert.equal((await refusal(upload('refused', UploadId, 10_001, small))).code, 'InvalidArgument')
  assert.equal((await refusal(upload('refused', 'no-such', 1, small))).code, 'NoSuchUpload')
  assert.equal((await refusal(upload('other-key', UploadId, 1, small))).code, 'NoSuchUpload')
  await complete('refused', UploadId, [two])
})

test('an upload that is given up leaves nothing', async () => {
  const UploadId = await begin('aborted')
  await upload('aborted', UploadId, 1, small)
  await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'aborted', UploadId }))
  assert.equal(
    (await refusal(s3.send(new ListPartsCommand({ Bucket, Key: 'aborted', UploadId })))).code,
    'NoSuchUpload',
  )
  assert.equal((await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: 'aborted' })))).status, 404)
})

test('uploads and their parts are listed in pages', async () => {
  const uploads = [await begin('list/a'), await begin('list/a'), await begin('list/b')]
  for (const number of [3, 1, 2]) await upload('list/a', uploads[0] ?? '', number, small)
  const listed: (string | undefined)[] = []
  let KeyMarker: string | undefined
  let UploadIdMarker: string | undefined
  do {
    const asked = { Bucket, Prefix: 'list/', MaxUploads: 1, KeyMarker, UploadIdMarker }
    const page = await s3.send(new ListMultipartUploadsCommand(asked))
    listed.push(...(page.Uploads ?? []).map(one => one.UploadId))
    KeyMarker = page.NextKeyMarker
    UploadIdMarker = page.NextUploadIdMarker
  } while (KeyMarker !== undefined)
  assert.deepEqual(listed.toSorted(), uploads.toSorted())
  const parts = new ListPartsCommand({ Bucket, Key: 'list/a', UploadId: uploads[0], MaxParts: 2 })
  const page = await s3.send(parts)
  assert.deepEqual(
    page.Parts?.map(part => part.PartNumber),
    [1, 2],
  )
  assert.deepEqual([page.IsTruncated, page.NextPartNumberMarker], [true, '2'])
})

test('a part can be copied from another object, or from a range of it', async () => {
  await s3.send(new PutObjectCommand({ Bucket, Key: 'source', Body: 'abcdef' }))
  const UploadId = await begin('copied')
  const CopySource = `${Bucket}/source`
  const copy = { Bucket, Key: 'copied', UploadId, PartNumber: 1, CopySource, CopySourceRange: 'bytes=1-3' }
  const { CopyPartResult } = await s3.send(new UploadPartCopyCommand(copy))
  await complete('copied', UploadId, [{ PartNumber: 1, ETag: CopyPartResult?.ETag }])
  const read = await s3.send(new GetObjectCommand({ Bucket, Key: 'copied' }))
  assert.equal(await read.Body?.transformToString(), 'bcd')
  const beyond = { ...copy, UploadId: await begin('copied'), CopySourceRange: 'bytes=1-30' }
  assert.equal((await refusal(s3.send(new UploadPartCopyCommand(beyond)))).code, 'InvalidArgument')
})

test('each step needs its own permission', async () => {
  const UploadId = await begin('guarded')
  const statement = { Effect: 'Allow', Action: 's3:PutObject', Resource: `arn:aws:s3:::${Bucket}/*` }
  const writer = world.client(await world.user(admin, 'writer', [statement]))
  await writer.send(new UploadPartCommand({ Bucket, Key: 'guarded', UploadId, PartNumber: 1, Body: small }))
  const refused = [
    writer.send(new AbortMultipartUploadCommand({ Bucket, Key: 'guarded', UploadId })),
    writer.send(new ListPartsCommand({ Bucket, Key: 'guarded', UploadId })),
    writer.send(new ListMultipartUploadsCommand({ Bucket })),
  ]
  for (const one of refused) assert.equal((await refusal(one)).code, 'AccessDenied')
})
