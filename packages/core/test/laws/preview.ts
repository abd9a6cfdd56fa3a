import assert from 'node:assert/strict'
import {
  beyond,
  type Change,
  countEntitlements as countIn,
  type DesiredGrants,
  deriveEntitlements,
  desiredGrants,
  entitlementIndex,
  type Facts,
  grantKey,
  type Moves,
  movesOf,
  type Preview,
  preview,
  printScope,
  supposing,
} from '../../src/index.ts'
import { countEntitlements } from '../brute-force.ts'
import { applied, changeOf, startOf, type World } from '../changes.ts'
import { now, type Random, randomOf } from '../worlds.ts'
import type { Given } from './given.ts'
import type { Law } from './law.ts'
import { assertSame } from './same.ts'

export const previewLaws: readonly Law[] = [
  {
    name: 'a preview says what applying would do, and changes nothing',
    check: given => {
      const random = randomOf(given.seed * 31)
      const start = startOf(given.facts)
      const { changes, world } = hypothetical(start, random)
      const index = given.index()
      const [before, after] = [given.counted(), countEntitlements(world.facts, world.now)]
      const where = JSON.stringify(changes)

      const pages = allPages(page => preview(index, changes, { limit: 3, ...page }))
      const rows = pages.flatMap(one => one.rows)
      assertSame(
        rows.map(one => `${one.user} ${one.dataSource} ${one.before} ${one.after}`),
        expectedRows(before, after),
        () => where,
      )
      const [said] = pages
      assert.deepEqual(said!.entitlements, { before: before.size, after: after.size }, where)
      const gained = rows.filter(one => !one.before)
      const lost = rows.filter(one => !one.after)
      assert.equal(said!.movements.gained, gained.length)
      assert.equal(said!.movements.lost, lost.length)
      assert.equal(said!.people.gaining, new Set(gained.map(({ user }) => user)).size)
      assert.equal(said!.dataSources.losing, new Set(lost.map(({ dataSource }) => dataSource)).size)
      assert.deepEqual(grantsSaid(said!), grantsExpected(given, world), where)
      assert.equal(said!.digest === preview(index, []).digest, rows.length === 0, where)

      assert.equal(countIn(index), before.size, where)
      assertSame(preview(index, changes, { limit: 3 }), said, () => `asked twice, answered alike: ${where}`)
    },
  },

  {
    name: 'what was shown holds whatever does no more, and counts everybody beyond it',
    share: 7,
    check: holdsWhatWasShown,
  },
]

/** Holds of any world; one in which it once did not is a test of its own. */
export function holdsWhatWasShown({ facts, seed }: Pick<Given, 'facts' | 'seed'>): void {
  const random = randomOf(seed * 37)
  const start = startOf(facts)
  const shown = hypothetical(start, random).changes
  const asked = hypothetical(start, random).changes
  const index = entitlementIndex(start.facts, now)
  const moves = supposing(index, shown, supposed => movesOf(supposed, 1_000_000))!
  const kept: Moves = JSON.parse(JSON.stringify(moves))
  // Another node numbers people otherwise.
  const other = entitlementIndex({ ...start.facts, users: start.facts.users.toReversed() }, now)
  assert.deepEqual(
    supposing(other, shown, supposed => beyond(supposed, kept)),
    { gaining: 0, losing: 0 },
  )

  const [known, then] = [shown, asked].map(changes =>
    directions(preview(index, changes, { limit: 10_000 }).rows, id => placeOf(start, changes, id)),
  )
  const people = (kind: 'gains' | 'loses') =>
    new Set([...then![kind].difference(known![kind])].map(pair => pair.split(' ')[0])).size
  assert.deepEqual(
    supposing(other, asked, supposed => beyond(supposed, kept)),
    { gaining: people('gains'), losing: people('loses') },
  )
  const size = moves.people.flat().length + Object.keys(moves.dataSources).length
  const tooMany = supposing(index, shown, supposed => movesOf(supposed, size - 1))
  assert.equal(size > 0 && tooMany !== undefined, false, 'no more is kept than asked for')
}

/** Where a data source is, or comes to be: of two in one place, or one after the other, it does not matter which. */
function placeOf({ facts }: World, changes: readonly Change[], id: number): string {
  const come = changes.flatMap(one => (one.entity === 'dataSource' && one.id === id && one.row ? [one.row] : []))
  const { integration, scope } = facts.dataSources.find(one => one.id === id) ?? come.at(-1)!
  return `${integration} ${printScope(scope)}`
}

/** Pairs of user and place. */
function directions(rows: Preview['rows'], placeOf: (id: number) => string) {
  const pairs = (some: Preview['rows']) => new Set(some.map(({ user, dataSource }) => `${user} ${placeOf(dataSource)}`))
  return {
    gains: pairs(rows.filter(({ before, after }) => after && (!before || before === 'READ'))),
    loses: pairs(rows.filter(({ before, after }) => before && (!after || after === 'READ'))),
  }
}

function hypothetical(start: World, random: Random): { changes: Change[]; world: World } {
  const changes: Change[] = []
  const first = new Map(start.facts.dataSources.map(one => [one.id, one]))
  let world = start
  while (changes.length < 3) {
    const change = changeOf(world, random)
    if (change.entity === 'dataSource' && change.row) {
      // Where it was first, gone in between or not.
      const known = first.get(change.id) ?? change.row
      const row = { ...change.row, scope: known.scope, integration: known.integration }
      first.set(change.id, row)
      world = applied(world, { ...change, row })
      changes.push({ ...change, row })
      continue
    }
    world = applied(world, change)
    changes.push(change)
  }
  return { changes, world }
}

function allPages(ask: (page: Pick<Preview, never> & { after?: NonNullable<Preview['next']> }) => Preview): Preview[] {
  const pages = [ask({})]
  for (let last = pages[0]!; last.next; last = pages.at(-1)!) pages.push(ask({ after: last.next }))
  return pages
}

function expectedRows(before: ReadonlyMap<string, { level: string }>, after: ReadonlyMap<string, { level: string }>) {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter(key => before.get(key)?.level !== after.get(key)?.level)
    .sort((a, b) => {
      const [[ua, da], [ub, db]] = [a, b].map(key => key.split(' ').map(Number)) as [[number, number], [number, number]]
      return da - db || ua - ub
    })
    .map(key => `${key} ${before.get(key)?.level} ${after.get(key)?.level}`)
}

function grantsSaid({ grants }: Preview) {
  const all = { create: 0, revoke: 0 }
  for (const { create, revoke } of grants) {
    all.create += create
    all.revoke += revoke
  }
  return all
}

function grantsExpected({ facts, desired }: Given, world: World) {
  const entitlements = deriveEntitlements(world.facts, world.now)
  const was = grantKeys(facts, desired())
  const is = grantKeys(
    world.facts,
    world.facts.integrations.map(({ id }) => desiredGrants(entitlements, world.facts, id)),
  )
  return { create: is.difference(was).size, revoke: was.difference(is).size }
}

function grantKeys({ integrations }: Facts, desired: readonly DesiredGrants[]): Set<string> {
  return new Set(
    integrations.flatMap(({ id }, at) =>
      desired[at]!.grants.map(one => `${id} ${one.user} ${one.dataSource} ${grantKey(one)}`),
    ),
  )
}
