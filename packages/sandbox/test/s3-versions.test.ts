import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { type Keys, refusal, type S3World, s3World } from './s3-world.ts'

let world: S3World
let admin: Keys
let s3: S3Client
const CreateBucketConfiguration = { LocationConstraint: 'eu-central-1' } as const

before(async () => {
  world = await s3World()
  admin = await world.account('111122223333')
  s3 = world.client(admin)
})
after(() => world.close())

async function bucket(name: string, status?: 'Enabled' | 'Suspended'): Promise<string> {
  await s3.send(new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration }))
  if (status) await setVersioning(name, status)
  return name
}
const setVersioning = (Bucket: string, Status: 'Enabled' | 'Suspended') =>
  s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }))
const put = async (Bucket: string, Key: string, Body: string) =>
  (await s3.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId
const read = async (Bucket: string, Key: string, VersionId?: string) =>
  (await s3.send(new GetObjectCommand({ Bucket, Key, VersionId }))).Body?.transformToString()
/** `key version latest?` of each version and delete marker. */
async function listed(Bucket: string): Promise<string[]> {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }))
  const versions = Versions.map(one => `${one.Key} ${one.VersionId}${one.IsLatest ? ' latest' : ''}`)
  return [
    ...versions,
    ...DeleteMarkers.map(one => `${one.Key} marker ${one.VersionId}${one.IsLatest ? ' latest' : ''}`),
  ]
}

test('a bucket keeps what is written over, and what is deleted comes back', async () => {
  const Bucket = await bucket('kept')
  assert.equal((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status, undefined)
  assert.equal(await put(Bucket, 'k', 'zero'), undefined)
  await setVersioning(Bucket, 'Enabled')
  assert.equal((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status, 'Enabled')
  const one = await put(Bucket, 'k', 'one')
  const two = await put(Bucket, 'k', 'two')
  assert.equal(await read(Bucket, 'k'), 'two')
  assert.equal(await read(Bucket, 'k', one), 'one')
  assert.equal(await read(Bucket, 'k', 'null'), 'zero')
  assert.equal((await s3.send(new HeadObjectCommand({ Bucket, Key: 'k' }))).VersionId, two)

  const gone = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
  assert.equal(gone.DeleteMarker, true)
  assert.equal((await refusal(read(Bucket, 'k'))).code, 'NoSuchKey')
  assert.equal((await refusal(read(Bucket, 'k', gone.VersionId))).status, 405)
  assert.equal((await refusal(read(Bucket, 'k', 'never'))).code, 'NoSuchVersion')
  assert.equal((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0)
  assert.deepEqual(await listed(Bucket), [`k ${two}`, `k ${one}`, 'k null', `k marker ${gone.VersionId} latest`])

  const back = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: gone.VersionId }))
  assert.deepEqual([back.DeleteMarker, back.VersionId], [true, gone.VersionId])
  assert.equal(await read(Bucket, 'k'), 'two')
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: two }))
  assert.equal(await read(Bucket, 'k'), 'one')
  assert.equal((await refusal(s3.send(new DeleteBucketCommand({ Bucket })))).code, 'BucketNotEmpty')
  const Objects = [one, 'null'].map(VersionId => ({ Key: 'k', VersionId }))
  await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
  assert.deepEqual(await listed(Bucket), [])
  await s3.send(new DeleteBucketCommand({ Bucket }))
})

test('while versioning is suspended one version, null, is written over', async () => {
  const Bucket = await bucket('suspended', 'Enabled')
  const one = await put(Bucket, 'k', 'one')
  await setVersioning(Bucket, 'Suspended')
  assert.equal(await put(Bucket, 'k', 'two'), 'null')
  assert.equal(await put(Bucket, 'k', 'three'), 'null')
  assert.deepEqual(await listed(Bucket), ['k null latest', `k ${one}`])
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
  assert.deepEqual(await listed(Bucket), [`k ${one}`, 'k marker null latest'])
})

test('an earlier version is restored by copying it over the current one', async () => {
  const Bucket = await bucket('restored', 'Enabled')
  const one = await put(Bucket, 'k', 'one')
  await put(Bucket, 'k', 'two')
  const copy = new CopyObjectCommand({ Bucket, Key: 'k', CopySource: `${Bucket}/k?versionId=${one}` })
  const { VersionId, CopySourceVersionId } = await s3.send(copy)
  assert.equal(CopySourceVersionId, one)
  assert.notEqual(VersionId, one)
  assert.equal(await read(Bucket, 'k'), 'one')
})

test('versions are listed in pages that lose none', async () => {
  const Bucket = await bucket('paged', 'Enabled')
  for (const key of ['a', 'b/1', 'b/2', 'c']) for (const body of ['1', '2', '3']) await put(Bucket, key, body)
  const all: string[] = []
  let KeyMarker: string | undefined
  let VersionIdMarker: string | undefined
  do {
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 2, KeyMarker, VersionIdMarker }))
    all.push(...(page.Versions ?? []).map(one => `${one.Key} ${one.VersionId}${one.IsLatest ? ' latest' : ''}`))
    KeyMarker = page.NextKeyMarker
    VersionIdMarker = page.NextVersionIdMarker
  } while (KeyMarker !== undefined)
  assert.deepEqual(all, await listed(Bucket))
  const rolled = await s3.send(new ListObjectVersionsCommand({ Bucket, Delimiter: '/', Prefix: '' }))
  assert.deepEqual(rolled.CommonPrefixes, [{ Prefix: 'b/' }])
  assert.equal(rolled.Versions?.length, 6)
})

test('reading or deleting a version needs an action of its own', async () => {
  const Bucket = await bucket('guarded', 'Enabled')
  const one = await put(Bucket, 'k', 'one')
  const keys = await world.user(admin, 'version-blind', [
    { Effect: 'Allow', Action: ['s3:GetObject', 's3:DeleteObject'], Resource: `arn:aws:s3:::${Bucket}/*` },
  ])
  const reader = world.client(keys)
  await reader.send(new GetObjectCommand({ Bucket, Key: 'k' }))
  const version = { Bucket, Key: 'k', VersionId: one }
  assert.match((await refusal(reader.send(new GetObjectCommand(version)))).message, /s3:GetObjectVersion/)
  assert.match((await refusal(reader.send(new DeleteObjectCommand(version)))).message, /s3:DeleteObjectVersion/)
})

test('objects have tags of their own, which policies can ask for', async () => {
  const Bucket = await bucket('tagged')
  await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', Tagging: 'level=secret&team=a%20b' }))
  const tags = async () => (await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'k' }))).TagSet
  assert.deepEqual(await tags(), [
    { Key: 'level', Value: 'secret' },
    { Key: 'team', Value: 'a b' },
  ])
  assert.equal((await s3.send(new HeadObjectCommand({ Bucket, Key: 'k' }))).TagCount, 2)
  const keys = await world.user(admin, 'open-reader', [
    {
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: '*',
      Condition: { StringEquals: { 's3:ExistingObjectTag/level': 'open' } },
    },
  ])
  const get = new GetObjectCommand({ Bucket, Key: 'k' })
  assert.equal((await refusal(world.client(keys).send(get))).code, 'AccessDenied')
  const TagSet = [{ Key: 'level', Value: 'open' }]
  await s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'k', Tagging: { TagSet } }))
  await world.client(keys).send(get)
  await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` }))
  assert.deepEqual((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'copy' }))).TagSet, TagSet)
  await s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'k' }))
  assert.deepEqual(await tags(), [])
  const bad = { TagSet: [{ Key: 'aws:x', Value: '' }] }
  const refused = await refusal(s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'k', Tagging: bad })))
  assert.equal(refused.code, 'InvalidTag')
})

test('the tags of one version leave the others alone', async () => {
  const Bucket = await bucket('tagged-versions', 'Enabled')
  const one = await put(Bucket, 'k', 'one')
  await put(Bucket, 'k', 'two')
  const TagSet = [{ Key: 'old', Value: 'yes' }]
  await s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'k', VersionId: one, Tagging: { TagSet } }))
  assert.deepEqual((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'k' }))).TagSet, [])
  assert.deepEqual((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'k', VersionId: one }))).TagSet, TagSet)
  assert.equal(await read(Bucket, 'k'), 'two')
  assert.equal(await read(Bucket, 'k', one), 'one')
})

test('buckets have tags', async () => {
  const Bucket = await bucket('tagged-bucket')
  assert.equal((await refusal(s3.send(new GetBucketTaggingCommand({ Bucket })))).code, 'NoSuchTagSet')
  const TagSet = [{ Key: 'cost', Value: 'lake' }]
  await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }))
  assert.deepEqual((await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet, TagSet)
})
