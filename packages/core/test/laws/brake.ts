/** Mode and brake, held to their laws over random sequences of worlds. */
import assert from 'node:assert/strict'
import {
  brakeRoom,
  brakeWindowMs,
  covers,
  type DesiredGrants,
  grantKey,
  type LedgerRow,
  type Mode,
  type Plan,
  planChanges,
} from '../../src/index.ts'
import { keyPoints, levelAt } from '../brute-force.ts'
import { applyPlan } from '../simulate.ts'
import { now, type Random, randomOf } from '../worlds.ts'
import type { Law } from './law.ts'

const setting = { revocations: 1, percent: 10 }

interface State {
  readonly ledger: readonly LedgerRow[]
  readonly now: number
  /** When revocations that count were begun. */
  readonly counted: readonly number[]
}

interface Circumstances {
  readonly mode?: Mode
  readonly isBraked?: boolean
  readonly isCounted?: (row: LedgerRow) => boolean
  readonly seen?: (before: State, plan: Plan<LedgerRow>, after: State) => void
}

interface Walk {
  readonly start: State
  /** One world's desired grants after the other's, of the same people and scopes. */
  readonly steps: readonly DesiredGrants[]
  readonly random: Random
}

export const brakeLaws: readonly Law[] = [
  lawOfWalks(
    'under the brake no more than the bound is revoked within an hour, unless it is exempt',
    ({ start, steps, random }) => {
      let state = start
      for (const desired of steps) {
        const exempt = new Set(state.ledger.filter(() => random.chance(0.3)).map(({ id }) => id))
        const isCounted = ({ id }: LedgerRow) => !exempt.has(id)
        state = settle(desired, state, {
          isBraked: true,
          isCounted,
          seen(before, plan, after) {
            const hour = (one: State) => one.counted.filter(at => at > one.now - brakeWindowMs).length
            const grants = active(before.ledger).length + hour(before)
            if (plan.counted.length === 0) return
            assert.ok(hour(after) <= Math.max(setting.revocations, Math.floor((grants * setting.percent) / 100)))
          },
        })
        assert.deepEqual(
          active(state.ledger).filter(row => row.held && exempt.has(row.id)),
          [],
        )
        state = { ...state, now: state.now + random.below(2 * brakeWindowMs) }
      }
    },
  ),

  walksAreWorthWalking(),

  lawOfWalks('what is released goes, and then AWS holds exactly what is desired', ({ start, steps }) => {
    let state = start
    for (const desired of steps) {
      state = settle(desired, state, { isBraked: true })
      for (let left = 100; state.ledger.some(({ held }) => held); left -= 1) {
        assert.ok(left > 0, 'releasing comes to an end')
        state = settle(desired, released(state), { isBraked: true })
      }
      assert.deepEqual(active(state.ledger).map(grantKey).sort(), desired.grants.map(grantKey).sort())
    }
  }),

  lawOfWalks('release takes nothing that is wanted again', ({ start, steps }) => {
    const [to, back] = steps
    const braked = settle(to!, start, { isBraked: true })
    const again = settle(back!, released(braked), { isBraked: true })
    const wanted = new Set(back!.grants.map(grantKey))
    const gone = active(braked.ledger).filter(row => !active(again.ledger).some(({ id }) => id === row.id))
    for (const row of gone) assert.ok(!wanted.has(grantKey(row)), grantKey(row))
    for (const { isReleased, ...row } of active(again.ledger)) if (wanted.has(grantKey(row))) assert.ok(!isReleased)
  }),

  ...(['enforce', 'add'] as const).map(mode =>
    lawOfWalks(
      `nothing is made because of what is held, and never a READ beside a READWRITE: ${mode}`,
      ({ start, steps }) => {
        let state = start
        for (const desired of steps) {
          const wanted = new Set(desired.grants.map(grantKey))
          const known = new Set(state.ledger.map(({ id }) => id))
          state = settle(desired, state, { mode, isBraked: mode === 'enforce' })
          for (const row of state.ledger) if (!known.has(row.id)) assert.ok(wanted.has(grantKey(row)), grantKey(row))
          const keys = new Set(active(state.ledger).map(grantKey))
          for (const row of active(state.ledger)) {
            if (row.permission === 'READWRITE') assert.ok(!keys.has(grantKey({ ...row, permission: 'READ' })), 'a pair')
          }
          assert.equal(keys.size, active(state.ledger).length, 'no grant twice')
          assertNothingRedundantHeld(active(state.ledger))
        }
      },
    ),
  ),

  lawOfWalks('observe carries nothing out, and says what it would', ({ start, steps }) => {
    for (const desired of steps) {
      const plan = planOf(desired, start, { mode: 'observe' })
      assert.deepEqual([plan.revoke, plan.create, plan.drop, plan.next], [[], [], [], undefined])
      const enforced = planOf(desired, start, {})
      const count = (one: Plan<LedgerRow>) => one.revoke.length + one.create.length + one.drop.length + one.wait.length
      assert.equal(count(plan), count(enforced))
    }
  }),

  lawOfWalks('add takes no access from anybody, and gives all that is desired', ({ start, steps }) => {
    let state = start
    const points = keyPoints([...start.ledger, ...steps.flatMap(({ grants }) => grants)].map(({ scope }) => scope))
    for (const desired of steps) {
      const grantees = new Set([...state.ledger, ...desired.grants].map(({ grantee }) => grantee.identifier))
      const levels = (held: readonly Pick<LedgerRow, 'grantee' | 'scope' | 'permission'>[]) => {
        const byGrantee = Map.groupBy(held, ({ grantee }) => grantee.identifier)
        return [...grantees].flatMap(grantee => points.map(point => levelAt(byGrantee.get(grantee) ?? [], point)))
      }
      const had = levels(active(state.ledger))
      state = settle(desired, state, { mode: 'add' })
      const has = levels(active(state.ledger))
      for (const [at, level] of levels(desired.grants).entries()) {
        assert.ok(has[at]! >= Math.max(level!, had[at]!), points[at % points.length])
      }
    }
  }),

  lawOfWalks('whatever waited in observe or add, enforce reaches equality', ({ start, steps, random }) => {
    let state = start
    for (const desired of steps) {
      state = settle(desired, state, { mode: random.pick<Mode>(['observe', 'add', 'add']) })
    }
    const desired = steps.at(-1)!
    const { ledger } = settle(desired, state)
    assert.deepEqual(active(ledger).map(grantKey).sort(), desired.grants.map(grantKey).sort())
    assert.ok(ledger.every(({ held }) => held === undefined))
  }),
]

/** A share of the worlds: every walk is planned and settled dozens of times. */
function lawOfWalks(name: string, check: (walk: Walk) => void): Law {
  return {
    name,
    share: 13,
    check: ({ seed, variants: [first, ...others] }) => {
      for (const integration of [0, 1]) {
        const steps = others.map(one => one.desired()[integration]!)
        check({ start: { ledger: first.ledgers()[integration]!, now, counted: [] }, steps, random: randomOf(seed) })
      }
    },
  }
}

/** The brake holds lowerings, and whole grants. */
function walksAreWorthWalking(): Law {
  let [held, lowerings] = [0, 0]
  return {
    name: 'the walks are worth walking: the brake holds lowerings, and whole grants',
    check: ({ variants: [from, to] }) => {
      const desired = to.desired()[0]!
      const after = settle(desired, { ledger: from.ledgers()[0]!, now, counted: [] }, { isBraked: true })
      const wanted = new Set(desired.grants.map(grantKey))
      for (const row of active(after.ledger).filter(one => one.held)) {
        held += 1
        if (wanted.has(grantKey({ ...row, permission: 'READ' }))) lowerings += 1
      }
    },
    // Seen in 500 worlds: 567 held, 8 of them lowerings. One world alone may show none.
    after: worlds =>
      assert.ok(held > worlds / 2 - 1 && lowerings > worlds / 200 - 1, `${held} held, ${lowerings} lowerings`),
  }
}

/** Plans and applies, as the loop does, until a plan neither does nor waits for anything but a person. */
function settle(desired: DesiredGrants, start: State, how: Circumstances = {}): State {
  let state = start
  for (let round = 0; round < 200; round += 1) {
    const plan = planOf(desired, state, how)
    const isQuiet = plan.create.length + plan.revoke.length + plan.drop.length === 0
    if (isQuiet && plan.next === undefined) return marked(plan, state)
    const time = isQuiet ? plan.next! : state.now
    const before = { ...marked(plan, state), now: time }
    const ledger = applyPlan(plan, before.ledger, time, undefined, undefined, {
      order: how.isBraked !== true && !how.mode,
    })
    const after = { ledger, now: time, counted: [...state.counted, ...plan.counted.map(() => time)] }
    if (!isQuiet) how.seen?.(before, plan, after)
    state = after
  }
  throw new Error('still not quiet after 200 rounds')
}

function planOf(desired: DesiredGrants, { ledger, now, counted }: State, how: Circumstances): Plan<LedgerRow> {
  const { mode = 'enforce', isBraked = false, isCounted = () => true } = how
  const recent = counted.filter(at => at > now - brakeWindowMs).length
  const room = isBraked ? brakeRoom(setting, { counted: recent, grants: active(ledger).length + recent }) : 1000
  return planChanges(desired, ledger, now, [], { mode, room, isCounted })
}

/** What is held is said in the ledger, and what no longer is, too. */
function marked(plan: Plan<LedgerRow>, state: State): State {
  const held = new Map(plan.wait.flatMap(({ row, grant, by }) => (row && !grant && by ? [[row.id, by]] : [])))
  const unwanted = new Set(
    [...plan.revoke, ...plan.wait.flatMap(({ row, grant }) => (grant ? [] : (row ?? [])))].map(row => row.id),
  )
  const ledger = state.ledger.map(({ held: _, isReleased, ...row }) => {
    const by = held.get(row.id)
    return { ...row, ...(by ? { held: by } : {}), ...(isReleased && unwanted.has(row.id) ? { isReleased } : {}) }
  })
  return { ...state, ledger }
}

function released(state: State): State {
  const ledger = state.ledger.map(({ held, ...row }) =>
    held === 'brake' ? { ...row, isReleased: true } : { ...row, ...(held ? { held } : {}) },
  )
  return { ...state, ledger }
}

function active(ledger: readonly LedgerRow[]): LedgerRow[] {
  return ledger.filter(({ state }) => state === 'active')
}

/** What another grant covers takes nothing from anybody, so nobody waits for it. */
function assertNothingRedundantHeld(ledger: readonly LedgerRow[]): void {
  const kept = ledger.filter(({ held }) => held === undefined)
  for (const row of ledger.filter(({ held }) => held !== undefined)) {
    const isCovered = kept.some(
      other =>
        other.grantee.identifier === row.grantee.identifier &&
        covers(other.scope, row.scope) &&
        (other.permission === 'READWRITE' || row.permission === 'READ'),
    )
    assert.ok(!isCovered, grantKey(row))
  }
}
