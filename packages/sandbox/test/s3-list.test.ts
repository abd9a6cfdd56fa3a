import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  CreateBucketCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { StoredObject } from '../src/state.ts'
import { refusal, type S3World, s3World } from './s3-world.ts'

let world: S3World
let s3: S3Client
const Bucket = 'listing'
const keys = ['a/1', 'a/2', 'a b+c', 'b/x/1', 'b/x/2', 'b/y', 'c', 'ü', '\uffee', '\u{1F4A7}']

before(async () => {
  world = await s3World()
  s3 = world.client(await world.account('111122223333'), { region: 'us-east-1' })
  await s3.send(new CreateBucketCommand({ Bucket }))
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }))
})
after(() => world.close())

async function list(input: Partial<ListObjectsV2CommandInput>) {
  const answer = await s3.send(new ListObjectsV2Command({ Bucket, ...input }))
  const found = (answer.Contents ?? []).map(({ Key }) => Key)
  return { ...answer, keys: found, prefixes: (answer.CommonPrefixes ?? []).map(({ Prefix }) => Prefix) }
}

test('keys come in the order of their UTF-8 bytes', async () => {
  const expected = [...keys].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
  assert.deepEqual((await list({})).keys, expected)
})

test('a delimiter rolls keys up under their common prefixes', async () => {
  const top = await list({ Delimiter: '/' })
  assert.deepEqual([top.prefixes, top.KeyCount], [['a/', 'b/'], 7])
  const inside = await list({ Delimiter: '/', Prefix: 'b/' })
  assert.deepEqual([inside.keys, inside.prefixes], [['b/y'], ['b/x/']])
})

test('pages follow each other without gap or repetition', async () => {
  const found: (string | undefined)[] = []
  for await (const page of paginateListObjectsV2({ client: s3, pageSize: 3 }, { Bucket, Delimiter: '/' })) {
    assert.ok((page.KeyCount ?? 0) <= 3)
    found.push(
      ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      ...(page.Contents ?? []).map(each => each.Key),
    )
  }
  const whole = await list({ Delimiter: '/' })
  assert.deepEqual(found.toSorted(), [...whole.keys, ...whole.prefixes].toSorted())
})

test('start-after, max-keys 0, owner and url encoding are as asked', async () => {
  assert.deepEqual((await list({ StartAfter: 'b/y' })).keys.slice(0, 2), ['c', 'ü'])
  const none = await list({ MaxKeys: 0 })
  assert.deepEqual([none.keys, none.IsTruncated], [[], false])
  assert.match((await list({ FetchOwner: true, MaxKeys: 1 })).Contents?.[0]?.Owner?.ID ?? '', /^[0-9a-f]{64}$/)
  assert.equal((await list({})).Contents?.[0]?.Owner, undefined)
  assert.deepEqual((await list({ EncodingType: 'url', Prefix: 'a ' })).keys, ['a+b%2Bc'])
})

test('a made-up token and a bad page size are refused', async () => {
  for (const input of [{ ContinuationToken: 'made-up' }, { MaxKeys: -1 }]) {
    assert.equal((await refusal(list(input))).code, 'InvalidArgument', JSON.stringify(input))
  }
})

test('the older ListObjects pages by marker', async () => {
  const first = await s3.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 2 }))
  assert.deepEqual([first.IsTruncated, first.NextMarker], [true, 'a/'])
  const second = await s3.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 2, Marker: 'a/' }))
  assert.deepEqual(
    [second.CommonPrefixes?.map(({ Prefix }) => Prefix), second.Contents?.map(({ Key }) => Key)],
    [['b/'], ['c']],
  )
})

test('a bucket of 100,000 objects is listed page by page, and takes new keys in their place', async () => {
  await s3.send(new CreateBucketCommand({ Bucket: 'large' }))
  const bucket = world.sandbox.state.buckets.get('large')
  assert.ok(bucket)
  const shared = { body: Buffer.alloc(0), etag: '""', modifiedAt: 0, contentType: 'x/y', headers: {}, tags: new Map() }
  for (let at = 0; at < 100_000; at++) {
    const object: StoredObject = { key: `${at % 100}/${String(at).padStart(6, '0')}`, ...shared }
    bucket.objects.set(object.key, object)
  }
  const top = await list({ Bucket: 'large', Delimiter: '/' })
  assert.equal(top.prefixes.length, 100)
  await s3.send(new PutObjectCommand({ Bucket: 'large', Key: '42/000042a', Body: 'x' }))
  const page = await list({ Bucket: 'large', Prefix: '42/', StartAfter: '42/000042', MaxKeys: 2 })
  assert.deepEqual(page.keys, ['42/000042a', '42/000142'])
})
