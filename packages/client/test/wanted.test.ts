import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DifferentBuckets } from '../src/errors.ts'
import { commonBeginning, covers } from '../src/scope.ts'
import { type S3Input, wantedBy } from '../src/wanted.ts'

const cases: readonly [operation: string, input: S3Input, target?: string, permission?: string][] = [
  ['GetObject', { Bucket: 'b', Key: 'a/x' }, 's3://b/a/x', 'READ'],
  ['HeadObject', { Bucket: 'b', Key: 'a/x' }, 's3://b/a/x', 'READ'],
  ['ListObjectsV2', { Bucket: 'b', Prefix: 'a/' }, 's3://b/a/*', 'READ'],
  // Shows siblings as well, so that `a/*` is not enough for it.
  ['ListObjectsV2', { Bucket: 'b', Prefix: 'a' }, 's3://b/a*', 'READ'],
  ['ListObjectsV2', { Bucket: 'b' }, 's3://b/*', 'READ'],
  ['HeadBucket', { Bucket: 'b' }, 's3://b/*', 'READ'],
  ['PutObject', { Bucket: 'b', Key: 'a/x' }, 's3://b/a/x', 'WRITE'],
  ['DeleteObject', { Bucket: 'b', Key: 'a/x' }, 's3://b/a/x', 'WRITE'],
  ['UploadPart', { Bucket: 'b', Key: 'a/x' }, 's3://b/a/x', 'WRITE'],
  ['DeleteObjects', { Bucket: 'b', Delete: { Objects: [{ Key: 'a/x1' }, { Key: 'a/x2' }] } }, 's3://b/a/x*', 'WRITE'],
  ['DeleteObjects', { Bucket: 'b', Delete: { Objects: [{ Key: 'a/x' }] } }, 's3://b/a/x', 'WRITE'],
  ['DeleteObjects', { Bucket: 'b', Delete: { Objects: [{ Key: 'a' }, { Key: 'c' }] } }, 's3://b/*', 'WRITE'],
  ['CopyObject', { Bucket: 'b', Key: 'a/new', CopySource: 'b/a/old' }, 's3://b/a/*', 'READWRITE'],
  ['CopyObject', { Bucket: 'b', Key: 'a/x', CopySource: '/b/a/x?versionId=7' }, 's3://b/a/x', 'READWRITE'],
  ['CopyObject', { Bucket: 'b', Key: 'ä/2', CopySource: 'b/%C3%A4/1' }, 's3://b/ä/*', 'READWRITE'],
  ['ListBuckets', {}],
  ['CreateBucket', { Bucket: 'b' }],
  ['PutBucketPolicy', { Bucket: 'b' }],
]

for (const [operation, input, target, permission] of cases) {
  test(`${operation} ${JSON.stringify(input)} needs ${target === undefined ? 'no grant' : `${permission} on ${target}`}`, () => {
    assert.deepEqual(wantedBy(operation, input), target && { bucket: 'b', target, permission })
  })
}

test('a copy between buckets is refused in words', () => {
  assert.throws(() => wantedBy('CopyObject', { Bucket: 'b', Key: 'x', CopySource: 'other/x' }), DifferentBuckets)
})

test('a prefix covers what begins with it, an object itself alone', () => {
  assert.ok(covers('s3://b/a/*', 's3://b/a/x'))
  assert.ok(covers('s3://b/a/*', 's3://b/a/*'))
  assert.ok(!covers('s3://b/a/*', 's3://b/a*'))
  assert.ok(!covers('s3://b/a/*', 's3://b/ab'))
  assert.ok(covers('s3://b/a/x', 's3://b/a/x'))
  assert.ok(!covers('s3://b/a/x', 's3://b/a/x1'))
  assert.equal(commonBeginning(['abc', 'abd', 'ab']), 'ab')
  assert.equal(commonBeginning(['x', 'y']), '')
})
