import assert from 'node:assert/strict'
import {
  desiredGrants,
  type EntitlementIndex,
  entitlementIndex,
  entitlementsOf,
  type LedgerRow,
} from '../../src/index.ts'
import { countEntitlements } from '../brute-force.ts'
import { marketIn, mayTake, readAsMembers, type Step, sequenceOf } from '../market.ts'
import { runUntilQuiet } from '../simulate.ts'
import { now } from '../worlds.ts'
import type { Law } from './law.ts'

const stepsPerSequence = 24

/** Access by `user data source`: its level. */
type Reached = ReadonlyMap<string, string>

export const marketplaceLaws: readonly Law[] = [sequencesKeepToTheReading()]

/**
 * Publishing, changing, approving, extending, expiring, revoking, suspending, retiring, un-publishing and deleting, in
 * any order, with guardrails, providers and disabled people in between.
 */
function sequencesKeepToTheReading(): Law {
  const seen = new Map<string, number>()
  let overlapping = 0
  return {
    name: 'whatever happens in the marketplace, access is what 04 and 06 say, and grants follow it',
    share: 4,
    check: ({ facts, seed }) => {
      const start = marketIn(facts, now)
      const index = entitlementIndex(start.facts, now)
      let ledgers = new Map<number, readonly LedgerRow[]>()
      let before = read(start)
      for (const [at, step] of [...sequenceOf(facts, now, seed, stepsPerSequence)].entries()) {
        const { what, changes, market } = step
        for (const change of changes) index.applyChange(change)
        const after = read(market)
        const where = `step ${at} of seed ${seed}: ${what} ${JSON.stringify(changes)}`
        assert.deepEqual(reachedBy(index), after, where)
        if (!mayTake(what)) assertNoneLost(before, after, where)
        if (changes.length > 0) seen.set(what, (seen.get(what) ?? 0) + 1)
        if (what === 'expire' || what === 'revoke') overlapping += stillHeld(step)
        if (at % 8 === 7) ledgers = carriedOut(index, step, ledgers, after)
        before = after
      }
    },
    after: worlds => {
      if (worlds < 20) return
      for (const what of [
        'publish',
        'add sources',
        'change sources',
        'approve',
        'extend',
        'expire',
        'notice',
        'revoke',
      ])
        assert.ok(seen.has(what), what)
      for (const what of ['suspend', 'retire', 'unpublish', 'delete', 'guardrail', 'sync', 'disable'])
        assert.ok(seen.has(what), what)
      assert.ok(overlapping > 0, 'somebody keeps by one approval what another one gave')
    },
  }
}

function read(market: Step['market']): Reached {
  const counted = countEntitlements(readAsMembers(market), market.now)
  return new Map([...counted].map(([pair, { level }]) => [pair, level] as const).sort(byPair))
}

function reachedBy(index: EntitlementIndex): Reached {
  const all = [...index.bindings.sources.keys()].flatMap(id => entitlementsOf(index, id))
  return new Map(all.map(one => [`${one.user} ${one.dataSource}`, one.level] as const).sort(byPair))
}

function byPair([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1
}

function assertNoneLost(before: Reached, after: Reached, where: string): void {
  for (const [pair, level] of before) {
    const is = after.get(pair)
    assert.ok(is === level || is === 'WRITE', `${where}: ${pair} ${level} became ${is}`)
  }
}

/** How many memberships of somebody go on beside one of the same product and level that is over. */
function stillHeld({ market: { memberships, now: at } }: Step): number {
  const isOver = (one: (typeof memberships)[number]) => one.ended || (one.until ?? at + 1) <= at
  const name = (one: (typeof memberships)[number]) => `${one.user} ${one.product} ${one.level}`
  const over = new Set(memberships.filter(isOver).map(name))
  return memberships.filter(one => !isOver(one) && over.has(name(one))).length
}

/** What AWS holds once the plans are carried out: grants of those who reach it, and of all whom AWS knows. */
function carriedOut(
  index: EntitlementIndex,
  { market: { facts } }: Step,
  ledgers: ReadonlyMap<number, readonly LedgerRow[]>,
  reached: Reached,
): Map<number, readonly LedgerRow[]> {
  const entitlements = [...index.bindings.sources.keys()].flatMap(id => entitlementsOf(index, id))
  const ledgerAfter = new Map<number, readonly LedgerRow[]>()
  for (const { id } of facts.integrations) {
    const desired = desiredGrants(entitlements, facts, id)
    const { ledger } = runUntilQuiet(desired, ledgers.get(id) ?? [], now)
    const active = ledger.filter(({ state }) => state === 'active')
    for (const { user, dataSource } of active) {
      assert.ok(reached.has(`${user} ${dataSource}`), `user ${user} keeps a grant on ${dataSource} for no reason`)
    }
    const held = new Set(active.map(({ user, dataSource, permission }) => `${user} ${dataSource} ${permission}`))
    for (const { user, dataSource, permission } of desired.grants) {
      assert.ok(held.has(`${user} ${dataSource} ${permission}`), `user ${user} lost ${dataSource} that still stands`)
    }
    ledgerAfter.set(id, ledger)
  }
  return ledgerAfter
}
