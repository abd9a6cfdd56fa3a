import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { newSeed, randomnessFrom } from '../src/randomness.ts'

describe('randomness', () => {
  test('one seed gives one stream, however it is cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.array(fc.nat(100)), (bytes, sizes) => {
        const seed = Buffer.from(bytes)
        const whole = randomnessFrom(seed).bytes(sizes.reduce((sum, size) => sum + size, 0))
        const cut = randomnessFrom(seed)
        assert.deepEqual(Buffer.concat(sizes.map(size => cut.bytes(size))), whole)
      }),
    )
  })

  test('two seeds give two streams, and no stream repeats itself', () => {
    const one = randomnessFrom(newSeed())
    const ids = Array.from({ length: 1000 }, () => one.uuid())
    const other = randomnessFrom(newSeed())
    ids.push(...Array.from({ length: 1000 }, () => other.uuid()))
    assert.equal(new Set(ids).size, ids.length)
  })

  test('ids are UUIDs of version 4', () => {
    const random = randomnessFrom(newSeed())
    for (let i = 0; i < 200; i++) {
      assert.match(random.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    }
  })
})
