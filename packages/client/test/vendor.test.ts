/** The vendor against a pretend AWS whose answers and clock the test holds; the real one is in test/consumers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { GetDataAccessCommand } from '@aws-sdk/client-s3-control'
import { AccessDenied } from '../src/errors.ts'
import { covers } from '../src/scope.ts'
import { createVendor } from '../src/vendor.ts'
import type { Permission } from '../src/wanted.ts'

const read = (key: string, permission: Permission = 'READ') => ({ bucket: 'b', target: `s3://b/${key}`, permission })

function pretendAws(grants: string[]) {
  const asked: string[] = []
  const aws = { asked, now: 1_000_000_000_000, grants, fails: undefined as Error | undefined }
  const send = async ({ input: { Target = '', Permission: asks } }: GetDataAccessCommand) => {
    asked.push(`${asks} ${Target}`)
    await turn()
    if (aws.fails !== undefined) throw aws.fails
    const MatchedGrantTarget = aws.grants.find(scope => covers(scope, Target))
    if (MatchedGrantTarget === undefined) throw Object.assign(new Error('no'), { name: 'AccessDenied' })
    const Credentials = {
      ...{ AccessKeyId: `key-${asked.length}`, SecretAccessKey: 's', SessionToken: 't' },
      Expiration: new Date(aws.now + 3_600_000),
    }
    return { Credentials, MatchedGrantTarget }
  }
  const vendor = createVendor({
    control: () => ({ send }) as never,
    findInstance: async () => ({ accountId: '1', region: 'r' }),
    now: () => aws.now,
  })
  return { aws, vendor }
}

test('a hundred at once below one grant make one call, and so do the next hundred', async () => {
  const { aws, vendor } = pretendAws(['s3://b/a/*'])
  for (let round = 0; round < 2; round++)
    await Promise.all(Array.from({ length: 100 }, (_, n) => vendor.vend(read(`a/${n}`))))
  assert.deepEqual(aws.asked, ['READ s3://b/a/0'])
})

test('a hundred at once below ten grants make ten calls', async () => {
  const { aws, vendor } = pretendAws(Array.from({ length: 10 }, (_, n) => `s3://b/${n}/*`))
  await Promise.all(Array.from({ length: 100 }, (_, n) => vendor.vend(read(`${n % 10}/${n}`))))
  assert.equal(aws.asked.length, 10)
})

test('grants of one object are kept each, and asked for side by side', async () => {
  const objects = Array.from({ length: 50 }, (_, n) => `a/${n}`)
  const { aws, vendor } = pretendAws(objects.map(key => `s3://b/${key}`))
  const all = () => Promise.all(objects.map(key => vendor.vend(read(key))))
  await all()
  await all()
  assert.equal(aws.asked.length, 50)
})

test('one that reads and writes serves who reads, and the narrower of two is taken', async () => {
  const { aws, vendor } = pretendAws(['s3://b/*'])
  const wide = await vendor.vend(read('a/*', 'READWRITE'))
  assert.equal(await vendor.vend(read('a/x')), wide)
  aws.grants = ['s3://b/a/*', 's3://b/*']
  vendor.drop(wide)
  const narrow = await vendor.vend(read('a/x'))
  await vendor.vend(read('*'))
  assert.equal(await vendor.vend(read('a/y')), narrow)
})

test('new ones come before the old end', async () => {
  const { aws, vendor } = pretendAws(['s3://b/*'])
  const first = await vendor.vend(read('x'))
  aws.now += 54 * 60_000
  assert.equal(await vendor.vend(read('x')), first)
  aws.now += 2 * 60_000
  assert.notEqual(await vendor.vend(read('x')), first)
})

test('a refusal holds for ten seconds, and a fresh grant is seen after it', async () => {
  const { aws, vendor } = pretendAws([])
  const refused = () =>
    assert.rejects(vendor.vend(read('x')), error => error instanceof AccessDenied && error.layer === 'grant')
  await Promise.all([refused(), refused()])
  await refused()
  assert.equal(aws.asked.length, 1)
  aws.grants = ['s3://b/*']
  aws.now += 10_001
  await vendor.vend(read('x'))
})

test('an error that is no refusal is not kept', async () => {
  const { aws, vendor } = pretendAws(['s3://b/*'])
  aws.fails = Object.assign(new Error('slow down'), { name: 'SlowDown' })
  await assert.rejects(vendor.vend(read('x')), /slow down/)
  aws.fails = undefined
  await vendor.vend(read('x'))
})
