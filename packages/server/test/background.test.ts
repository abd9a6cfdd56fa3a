import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createBackground } from '../src/background.ts'

test('work of one key never overlaps; asked for while under way, it runs once more', async () => {
  const background = createBackground({ error: () => assert.fail('nothing fails here') })
  let inside = 0
  let runs = 0
  const work = async () => {
    inside += 1
    assert.equal(inside, 1)
    await turn()
    inside -= 1
    runs += 1
  }
  background.run('a', work)
  await turn()
  for (let asked = 0; asked < 5; asked += 1) background.run('a', work)
  await background.idle()
  assert.equal(runs, 2)
})

test('a failure is logged and hinders nothing after it', async () => {
  const logged: unknown[] = []
  const background = createBackground({ error: (facts: unknown) => void logged.push(facts) })
  const failure = new Error('no')
  background.run('a', async () => {
    throw failure
  })
  await background.idle()
  assert.deepEqual(logged, [{ err: failure, key: 'a' }])
  let ran = false
  background.run('a', async () => {
    ran = true
  })
  await background.idle()
  assert.equal(ran, true)
})

test('closing ends waits, waits for what is under way, and starts nothing more', async () => {
  const background = createBackground({ error: () => assert.fail('stopping is no failure') })
  let ended = false
  background.run('a', async pause => {
    try {
      await pause(60_000)
    } finally {
      ended = true
    }
  })
  await turn()
  await background.close()
  assert.equal(ended, true)
  background.run('b', async () => assert.fail('closed'))
  await background.idle()
})
