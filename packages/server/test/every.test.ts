/** Looks that are taken again and again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { every } from '../src/every.ts'

test('one look at a time, what fails is told and looked for again, and stopping waits for the last', async () => {
  const told: unknown[] = []
  let [looks, atOnce, most] = [0, 0, 0]
  let seen: AbortSignal | undefined
  const third = Promise.withResolvers<void>()
  const recurring = every({
    everyMs: 1,
    atOnce: true,
    async look(signal) {
      looks += 1
      atOnce += 1
      most = Math.max(most, atOnce)
      seen = signal
      if (looks === 3) third.resolve()
      await sleep(looks < 3 ? 5 : 20)
      atOnce -= 1
      if (looks === 2) throw new Error('the second fails')
    },
    onFailure: error => told.push(error),
  })
  assert.equal(looks, 1, 'the first is at once')
  await third.promise
  const stopping = recurring.stop()
  assert.equal(seen?.aborted, true, 'the one under way is told')
  assert.equal(atOnce, 1)
  await stopping
  assert.deepEqual([atOnce, most, looks], [0, 1, 3])
  assert.deepEqual(told.map(String), ['Error: the second fails'])
  await sleep(10)
  assert.equal(looks, 3, 'none after it was stopped')
  await recurring.stop()
})
