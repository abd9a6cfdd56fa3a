import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forecastOf } from '../src/index.ts'

const day = 86_400_000
const room = { used: 50_000, of: 100_000 }

test('a rising line is drawn on to the quota', () => {
  const samples = [0, 1, 2, 3, 4].map(n => ({ at: n * day, used: 46_000 + 1000 * n }))
  const { perDay, runsOutAt, warning } = forecastOf(samples, room, 4 * day)
  assert.deepEqual([Math.round(perDay!), runsOutAt, warning], [1000, 54 * day, undefined])
})

test('what falls, stands still, or is known for less than a day never runs out', () => {
  const flat = [0, 1, 2].map(n => ({ at: n * day, used: 50_000 }))
  assert.deepEqual(forecastOf(flat, room, 0), { perDay: 0 })
  const falling = [0, 1].map(n => ({ at: n * day, used: 50_000 - n }))
  assert.equal(forecastOf(falling, room, 0).runsOutAt, undefined)
  const short = [0, 1].map(n => ({ at: n * 1000, used: n * 1000 }))
  assert.deepEqual(forecastOf(short, room, 0), {})
  assert.deepEqual(forecastOf([], room, 0), {})
})

test('warnings come at 80, 95 and 100 percent', () => {
  const at = (used: number) => forecastOf([], { used, of: 1000 }, 0).warning
  assert.deepEqual([at(799), at(800), at(949), at(950), at(1000), at(1200)], [undefined, 80, 80, 95, 100, 100])
})
