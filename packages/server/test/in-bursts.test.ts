import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { inBursts } from '../src/live-index/in-bursts.ts'

test('work begins at once, and once more for whatever was asked during the pause', context => {
  mock.timers.enable({ apis: ['setTimeout'] })
  context.after(() => mock.timers.reset())
  let begun = 0
  const bursts = inBursts(50, () => {
    begun += 1
  })
  bursts.ask()
  assert.equal(begun, 1, 'who asks alone does not wait')
  for (let n = 0; n < 100; n += 1) bursts.ask()
  assert.equal(begun, 1)
  mock.timers.tick(50)
  assert.equal(begun, 2, 'nobody is forgotten')
  bursts.ask()
  assert.equal(begun, 2, 'the pause counts from the second beginning, too')
  mock.timers.tick(50)
  assert.equal(begun, 3)
  mock.timers.tick(50)
  bursts.ask()
  assert.equal(begun, 4, 'after a pause without a word, at once again')
  bursts.ask()
  bursts.end()
  mock.timers.tick(50)
  assert.equal(begun, 4, 'nothing begins after the end')
})
