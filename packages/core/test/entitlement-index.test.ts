import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Entitlement,
  type EntitlementIndex,
  entitlementIndex,
  entitlementsOf,
  type Movement,
  type OwnReason,
} from '../src/index.ts'
import { type Counted, countEntitlements, isIn } from './brute-force.ts'
import { applied, changeOf, startOf, type World } from './changes.ts'
import { now, randomOf, seeds, worldOf } from './worlds.ts'

const changesPerWorld = 8

for (const part of partsOf(seeds, 4)) {
  test(`after any changes the index is one built anew, and says what each did (worlds from seed ${part[0]})`, () => {
    for (const seed of part) {
      let at = 0
      try {
        const random = randomOf(seed)
        const index = entitlementIndex(worldOf(seed), now)
        let world = startOf(worldOf(seed))
        let before = countEntitlements(world.facts, world.now)
        for (; at < changesPerWorld; at++) {
          const change = changeOf(world, random)
          world = applied(world, change)
          const after = countEntitlements(world.facts, world.now)
          const difference = index.applyChange(change)
          const rows = [...difference.rows()]
          assert.deepEqual(asDifference(rows), differenceBetween(before, after), JSON.stringify(change))
          assert.deepEqual(difference.counts, countsOf(rows), JSON.stringify(change))
          // Not always: what nobody asked for must be right later too.
          if (random.chance(0.5)) assert.deepEqual(everything(index), after, JSON.stringify(change))
          before = after
        }
        assert.deepEqual(everything(index), before)
        assertHoldsNothingElse(index, world)
      } catch (cause) {
        throw new Error(`in the world of seed ${seed} at change ${at} (HEADGATE_SEED=${seed} HEADGATE_WORLDS=1)`, {
          cause,
        })
      }
    }
  })
}

test('any change can be taken back', () => {
  for (const seed of seeds.slice(0, 300)) {
    const random = randomOf(seed)
    const world = startOf(worldOf(seed))
    const index = entitlementIndex(world.facts, now)
    const before = everything(index)
    const undo = [1, 2, 3].map(() => {
      const change = changeOf(world, random)
      const inverse = index.inverseOf(change)
      index.applyChange(change)
      return inverse
    })
    for (const inverse of undo.reverse()) index.applyChange(inverse)
    assert.deepEqual(everything(index), before, `seed ${seed}`)
  }
})

test('the discoverable data sources are those of which an active policy says so, whatever else changes', () => {
  let found = 0
  for (const seed of seeds.slice(0, 300)) {
    const random = randomOf(seed)
    let world = startOf(worldOf(seed))
    const index = entitlementIndex(world.facts, now)
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
      assert.deepEqual(index.discoverable(), ids, `seed ${seed} ${JSON.stringify(change)}`)
      for (const { id } of facts.dataSources) assert.equal(index.isDiscoverable(id), ids.includes(id))
      found += ids.length
    }
  }
  assert.ok(found > 300, `${found} found`)
})

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

function everything(index: EntitlementIndex): Map<string, Counted> {
  const all = [...index.bindings.sources.keys()].flatMap(id => entitlementsOf(index, id))
  return new Map(all.map(one => [`${one.user} ${one.dataSource}`, counted(one)]))
}

function asDifference(rows: readonly Movement[]): Map<string, { before?: Counted; after?: Counted }> {
  const found = new Map(
    rows.map(({ user, dataSource, before, after }) => [
      `${user} ${dataSource}`,
      { ...(before ? { before: counted(before) } : {}), ...(after ? { after: counted(after) } : {}) },
    ]),
  )
  assert.equal(found.size, rows.length, 'each person and data source moves once')
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function differenceBetween(before: Map<string, Counted>, after: Map<string, Counted>) {
  const found = new Map<string, { before?: Counted; after?: Counted }>()
  for (const key of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [was, is] = [before.get(key), after.get(key)]
    if (JSON.stringify(was) === JSON.stringify(is)) continue
    found.set(key, { ...(was ? { before: was } : {}), ...(is ? { after: is } : {}) })
  }
  return found
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

function counted({ level, because }: Pick<Entitlement, 'level' | 'because'>): Counted {
  return { level, because: because.map(reasonText).sort() }
}

function reasonText(reason: OwnReason): string {
  if (reason.kind === 'policy') return `policy ${reason.id} v${reason.version} ${reason.level}`
  const until = reason.until === undefined ? '' : ` until ${reason.until}`
  return `member ${reason.id} ${reason.level}${until}${reason.via ? ` via group ${reason.via.group}` : ''}`
}

function partsOf<T>(items: readonly T[], parts: number): T[][] {
  const size = Math.ceil(items.length / parts)
  return Array.from({ length: parts }, (_, at) => items.slice(at * size, (at + 1) * size)).filter(
    ({ length }) => length > 0,
  )
}
