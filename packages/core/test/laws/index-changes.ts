import assert from 'node:assert/strict'
import {
  type Entitlement,
  type EntitlementIndex,
  entitlementIndex,
  entitlementsOf,
  type Movement,
} from '../../src/index.ts'
import { type Counted, countEntitlements, isIn } from '../brute-force.ts'
import { applied, changeOf, startOf, type World } from '../changes.ts'
import { now, randomOf } from '../worlds.ts'
import type { Law } from './law.ts'
import { assertCounted, assertSame, countedOf } from './same.ts'

const changesPerWorld = 8

export const indexLaws: readonly Law[] = [
  {
    name: 'after any changes the index is one built anew, and says what each did',
    check: ({ facts, seed, counted }) => {
      const random = randomOf(seed)
      const index = entitlementIndex(facts, now)
      let world = startOf(facts)
      let before = counted()
      for (let at = 0; at < changesPerWorld; at++) {
        const change = changeOf(world, random)
        const where = () => `change ${at}: ${JSON.stringify(change)}`
        world = applied(world, change)
        const after = countEntitlements(world.facts, world.now)
        const difference = index.applyChange(change)
        const rows = [...difference.rows()]
        assertSame(asDifference(rows), differenceBetween(before, after), where)
        assertSame(difference.counts, countsOf(rows), where)
        // Not always: what nobody asked for must be right later too.
        if (random.chance(0.5)) assertCounted(everything(index), after, where)
        before = after
      }
      assertCounted(everything(index), before)
      assertHoldsNothingElse(index, world)
    },
  },
  {
    name: 'any change can be taken back',
    share: 7,
    check: ({ facts, seed, counted }) => {
      const random = randomOf(seed)
      const world = startOf(facts)
      const index = entitlementIndex(facts, now)
      const undo = [1, 2, 3].map(() => {
        const change = changeOf(world, random)
        const inverse = index.inverseOf(change)
        index.applyChange(change)
        return inverse
      })
      for (const inverse of undo.reverse()) index.applyChange(inverse)
      assertCounted(everything(index), counted())
    },
  },
  discoverableIsWhatAPolicySays(),
]

function discoverableIsWhatAPolicySays(): Law {
  let found = 0
  return {
    name: 'the discoverable data sources are those of which an active policy says so, whatever else changes',
    share: 7,
    check: given => {
      const random = randomOf(given.seed)
      let world = startOf(given.facts)
      const index = entitlementIndex(given.facts, now)
      for (let at = 0; at < 6; at++) {
        const change = changeOf(world, random)
        world = applied(world, change)
        index.applyChange(change)
        const { facts } = world
        const expected = facts.dataSources.filter(
          one =>
            !one.disabled &&
            facts.integrations.some(({ id }) => id === one.integration) &&
            facts.policies.some(policy => policy.discoverable && isIn(facts, policy, one)),
        )
        const ids = expected.map(({ id }) => id).sort((a, b) => a - b)
        assertSame(index.discoverable(), ids, () => JSON.stringify(change))
        for (const { id } of facts.dataSources) assert.equal(index.isDiscoverable(id), ids.includes(id))
        found += ids.length
      }
    },
    after: worlds => assert.ok(worlds < 20 || found > worlds, `${found} found`),
  }
}

/** What no data source asks for any more is let go. */
function assertHoldsNothingElse(index: EntitlementIndex, { facts, now: at }: World): void {
  index.bindings.sweep()
  assert.equal(index.bindings.bindings.size, entitlementIndex(facts, at).bindings.bindings.size)
  for (const { id } of facts.dataSources) index.applyChange({ entity: 'dataSource', id })
  index.bindings.sweep()
  assert.equal(index.bindings.bindings.size, 0)
  assert.deepEqual(Array.from(index.formulas.all(), ({ leaf }) => leaf?.is).sort(), ['everyone', 'nobody'])
  assert.equal(index.audiences.bytes(), 0)
}

function everything(index: EntitlementIndex): Entitlement[] {
  return [...index.bindings.sources.keys()].flatMap(id => entitlementsOf(index, id))
}

/** What became of a person and a data source, in the order of their keys. */
type Became = readonly [pair: string, was: Counted | null, is: Counted | null]

function asDifference(rows: readonly Movement[]): Became[] {
  const all = rows.map(
    ({ user, dataSource, before, after }): Became => [
      `${user} ${dataSource}`,
      before ? countedOf(before) : null,
      after ? countedOf(after) : null,
    ],
  )
  assert.equal(new Set(all.map(([pair]) => pair)).size, rows.length, 'each person and data source moves once')
  return all.sort(byPair)
}

function differenceBetween(before: ReadonlyMap<string, Counted>, after: ReadonlyMap<string, Counted>): Became[] {
  const found: Became[] = []
  for (const [pair, was] of before) {
    const is = after.get(pair)
    if (!is) found.push([pair, was, null])
    else if (was.level !== is.level || was.because.join() !== is.because.join()) found.push([pair, was, is])
  }
  for (const [pair, is] of after) if (!before.has(pair)) found.push([pair, null, is])
  return found.sort(byPair)
}

function byPair([a]: Became, [b]: Became): number {
  return a < b ? -1 : 1
}

function countsOf(rows: readonly Movement[]) {
  const counts = { gained: 0, lost: 0, raised: 0, lowered: 0, reasons: 0 }
  for (const { before, after } of rows) {
    if (!before) counts.gained++
    else if (!after) counts.lost++
    else if (before.level === after.level) counts.reasons++
    else counts[after.level === 'WRITE' ? 'raised' : 'lowered']++
  }
  return counts
}
