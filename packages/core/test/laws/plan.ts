import assert from 'node:assert/strict'
import {
  type DesiredGrants,
  grantKey,
  type LedgerRow,
  type LedgerState,
  type ObservedGrant,
  planChanges,
} from '../../src/index.ts'
import { keyPoints, levelAt } from '../brute-force.ts'
import { activeRow, applyPlan, type Outcomes, runUntilQuiet } from '../simulate.ts'
import { now, type Random, randomOf, scopeOf } from '../worlds.ts'
import type { Law } from './law.ts'
import { assertSame } from './same.ts'

interface Change {
  readonly before: readonly LedgerRow[]
  readonly desired: DesiredGrants
  readonly random: Random
}

const foreign: readonly ObservedGrant[] = [
  {
    awsGrantId: 'someone-elses',
    grantee: { type: 'IAM', identifier: 'arn:aws:iam::111111111111:role/u1' },
    scope: scopeOf('s3://lake/not/ours/*'),
    permission: 'READ',
  },
]

export const planLaws: readonly Law[] = [
  lawOfChanges('plans carried out until quiet leave in AWS exactly what is desired', ({ before, desired }) => {
    const { ledger, last } = runUntilQuiet(desired, before, now, { foreign })
    assertExactly(ledger, desired)
    assert.deepEqual([last.wait, last.refuse], [[], []])
    assert.equal(last.keep.length, desired.grants.length)
  }),

  lawOfChanges('failing calls, lost work and half-done rows end in the same place', ({ before, desired, random }) => {
    const outcomes: Outcomes = { succeeds: row => row.attempts > 2 || random.chance(0.6) }
    const messy = before.map(row => disturbed(row, random))
    const first = runUntilQuiet(desired, messy, now, { outcomes, foreign })
    // A leader settles by look-up what was in flight when the one before it died.
    const settled = first.ledger.map(row => {
      if (row.state === 'creating') return activeRow(row, first.now)
      return row.state === 'revoking' ? { ...row, state: 'revoked' as const } : row
    })
    assertExactly(runUntilQuiet(desired, settled, first.now, { outcomes, foreign }).ledger, desired)
  }),

  lawOfChanges('nobody loses on the way what they had and are to keep', ({ before, desired }) => {
    const points = keyPoints([...before, ...desired.grants].map(({ scope }) => scope))
    const granteeOf = ({ grantee }: Pick<LedgerRow, 'grantee'>) => grantee.identifier
    const grantees = new Set(before.map(granteeOf))
    const levels = (held: readonly Pick<LedgerRow, 'grantee' | 'scope' | 'permission'>[]) => {
      const byGrantee = Map.groupBy(held, granteeOf)
      return [...grantees].flatMap(grantee => points.map(point => levelAt(byGrantee.get(grantee) ?? [], point)))
    }
    const active = (ledger: readonly LedgerRow[]) => ledger.filter(({ state }) => state === 'active')
    const [had, toHave] = [levels(active(before)), levels(desired.grants)]
    runUntilQuiet(desired, before, now, {
      seen: ledger => {
        for (const [at, level] of levels(active(ledger)).entries()) {
          if (toHave[at]! >= had[at]!) assert.ok(level >= had[at]!, `${points[at % points.length]}`)
        }
      },
    })
  }),

  lawOfChanges('while AWS refuses every create, revocations still come through', ({ before, desired }) => {
    const outcomes: Outcomes = { succeeds: (_, call) => call === 'revoke' }
    let ledger = before
    let time = now
    for (let round = 0; round < 6; round++) {
      const plan = planChanges(desired, ledger, time)
      ledger = runOnce(desired, ledger, time, outcomes)
      time = plan.next ?? time + 60_000
    }
    const allowed = new Set([...desired.grants, ...desired.subsumed.map(({ grant }) => grant)].flatMap(atMost))
    for (const row of ledger) if (row.state === 'active') assert.ok(allowed.has(grantKey(row)), grantKey(row))
  }),

  lawOfChanges('the order of ledger and desired rows says nothing', ({ before, desired }) => {
    const plain = planChanges(desired, before, now)
    const mixed = planChanges(desired, before.toReversed(), now)
    assertSame(mixed, plain)
  }),
]

/** From what one world left in AWS to what another world of the same people and scopes asks for. */
function lawOfChanges(name: string, check: (change: Change) => void): Law {
  return {
    name,
    check: ({ seed, variants: [from, to] }) => {
      for (const integration of [0, 1]) {
        check({ before: from.ledgers()[integration]!, desired: to.desired()[integration]!, random: randomOf(seed) })
      }
    },
  }
}

function runOnce(desired: DesiredGrants, ledger: readonly LedgerRow[], time: number, outcomes: Outcomes) {
  return applyPlan(planChanges(desired, ledger, time), ledger, time, outcomes)
}

/** The keys that a person entitled to this grant may hold: it, and READ on the same scope. */
function atMost(grant: Parameters<typeof grantKey>[0]): string[] {
  return [grantKey(grant), grantKey({ ...grant, permission: 'READ' })]
}

function disturbed(row: LedgerRow, random: Random): LedgerRow {
  const state = random.pick<LedgerState>([
    'active',
    'active',
    'creating',
    'revoking',
    'intended',
    'createFailed',
    'revokeFailed',
  ])
  const hasGrant = state === 'active' || state === 'revoking' || state === 'revokeFailed'
  const { awsGrantId: _, activeAt: __, ...bare } = row
  return {
    ...bare,
    state,
    attempts: state.endsWith('Failed') ? 1 : 0,
    ...(state.endsWith('Failed') ? { nextTryAt: now + random.below(100_000) } : {}),
    ...(hasGrant ? { awsGrantId: `g-${row.id}`, activeAt: now - random.below(60_000) } : {}),
  }
}

function assertExactly(ledger: readonly LedgerRow[], desired: DesiredGrants): void {
  const live = ledger.filter(({ state }) => state !== 'revoked')
  assert.deepEqual(
    live.map(({ state }) => state).filter(state => state !== 'active'),
    [],
  )
  assert.deepEqual(live.map(grantKey).sort(), desired.grants.map(grantKey).sort())
  const readers = new Set(live.filter(({ permission }) => permission === 'READ').map(grantKey))
  for (const row of live) {
    if (row.permission === 'READWRITE') assert.ok(!readers.has(grantKey({ ...row, permission: 'READ' })), 'a pair')
  }
}
