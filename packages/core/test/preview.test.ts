import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countEntitlements as countIn, entitlementIndex, type Facts, preview } from '../src/index.ts'
import { countEntitlements } from './brute-force.ts'
import { holdsWhatWasShown } from './laws/preview.ts'
import { now, worldOf } from './worlds.ts'

test('a data source that would be elsewhere is no preview, be it gone in between', () => {
  const facts = worldOf(1)
  const index = entitlementIndex(facts, now)
  const [one, other] = facts.dataSources as [Facts['dataSources'][number], Facts['dataSources'][number]]
  const moved = { entity: 'dataSource', id: one.id, row: { ...one, scope: other.scope } } as const
  const gone = { entity: 'dataSource', id: one.id } as const
  for (const changes of [[moved], [gone, moved]]) assert.throws(() => preview(index, changes), RangeError)
  const back = preview(index, [gone, { ...gone, row: one }])
  assert.deepEqual([back.total, back.grants.filter(({ create, revoke }) => create + revoke > 0)], [0, []])
  assert.equal(countIn(index), countEntitlements(facts, now).size)
})

test('of a data source that goes and another that comes in its place, what was shown keeps both', () => {
  // Only the later of the two was kept once.
  holdsWhatWasShown({ facts: worldOf(24_029), seed: 24_029 })
})

test('what was shown of a place holds for another data source that comes to the same place', () => {
  holdsWhatWasShown({ facts: worldOf(196_329), seed: 196_329 })
})
