/**
 * Grants that AWS needs, before and after those are left out that another makes superfluous; and that nobody reaches more
 * or less by it: every person × every key that tells two scopes apart, counted the slow way, by nothing but how grants
 * and entitlements are written.
 */
import {
  type DesiredGrant,
  deriveEntitlements,
  desiredGrants,
  type Entitlement,
  type Facts,
  grantKey,
  printScope,
  withOverlap,
} from '@headgate/core'
import { acmeFacts } from './lib/acme-facts.ts'
import { type NestedSize, nestedWorld } from './lib/nested-world.ts'
import type { Bench, Figure } from './lib/report.ts'
import { now } from './lib/world.ts'

export function measure(smoke: boolean): Bench {
  const nested: readonly NestedSize[] = smoke
    ? [{ users: 20, buckets: 1, branches: 2, depth: 3 }]
    : [
        { users: 400, buckets: 4, branches: 4, depth: 2 },
        { users: 400, buckets: 2, branches: 3, depth: 4 },
        { users: 400, buckets: 1, branches: 2, depth: 7 },
      ]
  const worlds: readonly (readonly [string, Facts])[] = [
    ['Acme', acmeFacts()],
    ...nested.map(size => [`nested ${size.depth} deep`, nestedWorld(size)] as const),
  ]
  const settings = Object.fromEntries(
    worlds.map(([name, { users, dataSources, policies }]) => {
      return [name, { users: users.length, dataSources: dataSources.length, policies: policies.length }]
    }),
  )
  return { settings: { worlds: settings }, figures: worlds.flatMap(([name, facts]) => figuresOf(name, facts)) }
}

function figuresOf(name: string, facts: Facts): Figure[] {
  const entitlements = deriveEntitlements(facts, now)
  const on = grantsOf(facts, entitlements, true)
  const off = grantsOf(facts, entitlements, false)
  const before = [...on.kept, ...on.left]
  const count = (what: string, value: number, reach?: number): Figure => {
    const figure = { name: `${name}: ${what}`, value, unit: 'grants', better: 'lower' as const }
    return reach === undefined ? figure : { ...figure, reach }
  }
  const counted = countTwice(facts, entitlements, { before, on: on.kept, off: off.kept })
  return [
    count('before subsumption', before.length),
    count('after it', on.kept.length, before.length),
    count('after it, equal ones kept (setting off)', off.kept.length, before.length),
    { name: `${name}: left of them`, value: on.kept.length / before.length, unit: 'share', better: 'lower' },
    count('most of one person on one data source', mostOfOne(on.kept), 1),
    count('of one grantee, scope and permission twice', on.kept.length - new Set(on.kept.map(grantKey)).size, 0),
    { name: `${name}: person × key counted`, value: counted.points, unit: 'pairs', better: 'higher' },
    { name: `${name}: of which reach more or less`, value: counted.differ, unit: 'pairs', better: 'lower', reach: 0 },
  ]
}

function grantsOf(facts: Facts, entitlements: readonly Entitlement[], subsumeEqual: boolean) {
  const integrations = facts.integrations.map(one => ({ ...one, subsumeEqual }))
  const desired = integrations.map(({ id }) => desiredGrants(entitlements, { ...facts, integrations }, id))
  return {
    kept: desired.flatMap(({ grants }) => grants),
    left: desired.flatMap(({ subsumed }) => subsumed.map(({ grant }) => grant)),
  }
}

function mostOfOne(grants: readonly DesiredGrant[]): number {
  const each = Map.groupBy(grants, ({ user, dataSource }) => `${user} ${dataSource}`)
  return [...each.values()].reduce((most, { length }) => Math.max(most, length), 0)
}

interface Counted {
  readonly before: readonly DesiredGrant[]
  readonly on: readonly DesiredGrant[]
  readonly off: readonly DesiredGrant[]
}

/**
 * Every mapped person at every key: what grants open before, after (either way), what entitlements open by themselves,
 * and, at the keys of a data source's own, what `withOverlap` tells. All five must be the same level.
 */
function countTwice(facts: Facts, entitlements: readonly Entitlement[], { before, on, off }: Counted) {
  const scopes = new Map(facts.dataSources.map(({ id, scope }) => [id, printScope(scope)]))
  const told = new Map(
    withOverlap(entitlements, facts).map(({ user, dataSource, level }) => [`${user} ${dataSource}`, level]),
  )
  let [points, differ] = [0, 0]
  for (const { user, identifier } of facts.principals) {
    const held = (grants: readonly DesiredGrant[]) =>
      grants
        .filter(({ grantee }) => grantee.identifier === identifier)
        .map(
          ({ scope, permission }): Opening => ({ scope: printScope(scope), level: permission === 'READWRITE' ? 2 : 1 }),
        )
    const own = entitlements
      .filter(one => one.user === user)
      .map(({ dataSource, level }): Opening => ({ scope: scopes.get(dataSource)!, level: level === 'WRITE' ? 2 : 1 }))
    const sides = [held(before), held(on), held(off), own]
    for (const { id, scope } of facts.dataSources) {
      const text = printScope(scope)
      // Inside it and inside nothing narrower; and a neighbour, which only begins alike.
      const inside = text.endsWith('*') ? `${text.slice(0, -1)}~` : text
      const level = told.get(`${user} ${id}`)
      const levels = [...sides.map(one => levelAt(one, inside)), level === undefined ? 0 : level === 'WRITE' ? 2 : 1]
      const beside = text.endsWith('*') ? `${text.slice(0, -2)}~/x` : `${text}~`
      const levelsBeside = sides.map(one => levelAt(one, beside))
      points += 2
      if (new Set(levels).size > 1) differ += 1
      if (new Set(levelsBeside).size > 1) differ += 1
    }
  }
  return { points, differ }
}

interface Opening {
  /** As it is written. */
  readonly scope: string
  readonly level: 1 | 2
}

/** AWS's rule: `P*` opens every key that begins with P, anything else the one key. */
function levelAt(held: readonly Opening[], key: string): 0 | 1 | 2 {
  let highest: 0 | 1 | 2 = 0
  for (const { scope, level } of held) {
    const isOpen = scope.endsWith('*') ? key.startsWith(scope.slice(0, -1)) : key === scope
    if (isOpen && level > highest) highest = level
  }
  return highest
}
