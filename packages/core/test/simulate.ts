/** AWS and the ledger as a plan sees them: carries plans out in memory, until quiet. */
import assert from 'node:assert/strict'
import {
  type DesiredGrant,
  type DesiredGrants,
  grantKey,
  type LedgerRow,
  type ObservedGrant,
  type Plan,
  planChanges,
} from '../src/index.ts'

export interface Outcomes {
  /** Whether this call to AWS succeeds. */
  succeeds(row: LedgerRow, call: 'create' | 'revoke'): boolean
}

const alwaysSucceeds: Outcomes = { succeeds: () => true }
const retryAfterMs = 60_000

interface Simulation {
  readonly ledger: readonly LedgerRow[]
  readonly now: number
  readonly last: Plan<LedgerRow>
}

/** Plans and applies until a plan holds nothing to do and nothing to wait for; `seen` looks at the ledger after each. */
export function runUntilQuiet(
  desired: DesiredGrants,
  start: readonly LedgerRow[],
  now: number,
  { outcomes = alwaysSucceeds, foreign = [], seen }: Options = {},
): Simulation {
  let ledger = start
  let time = now
  for (let round = 0; round < 200; round++) {
    const plan = planChanges(desired, ledger, time, [...foreign, ...observedOf(ledger)])
    assert.deepEqual(plan.leave, foreign, 'what is not ours is left, and nothing else')
    const isQuiet = plan.create.length + plan.revoke.length + plan.drop.length === 0
    if (isQuiet && plan.next === undefined) return { ledger, now: time, last: plan }
    if (isQuiet) assert.ok(plan.next! > time, 'what is due is planned')
    time = isQuiet ? plan.next! : time
    ledger = applyPlan(plan, ledger, time, outcomes, seen)
  }
  throw new Error('still not quiet after 200 rounds')
}

type Seen = (ledger: readonly LedgerRow[]) => void

interface Options {
  readonly outcomes?: Outcomes
  readonly foreign?: readonly ObservedGrant[]
  /** Looks at the ledger after every single call. */
  readonly seen?: Seen
}

/** The ledger after a plan was carried out at `now`: revocations first, as AWS would see them. */
export function applyPlan(
  plan: Plan<LedgerRow>,
  ledger: readonly LedgerRow[],
  now: number,
  outcomes: Outcomes = alwaysSucceeds,
  seen: Seen = () => undefined,
  { order = true }: { readonly order?: boolean } = {},
): LedgerRow[] {
  const rows = new Map(ledger.map(row => [row.id, row]))
  const record = (row: LedgerRow) => {
    rows.set(row.id, row)
    seen([...rows.values()])
  }
  for (const row of plan.drop) rows.set(row.id, { ...row, state: 'revoked' })
  for (const row of plan.revoke) {
    assert.ok(rows.get(row.id)?.awsGrantId, 'only what Headgate made is revoked')
    const done = outcomes.succeeds(row, 'revoke')
    record(done ? { ...row, state: 'revoked' } : failed(row, 'revokeFailed', now))
  }
  for (const { grant, row } of plan.create) {
    const id = row?.id ?? Math.max(0, ...rows.keys()) + 1
    refuseAsAwsWould(grant, [...rows.values()], order)
    const { user, dataSource, grantee, scope, permission } = grant
    const made: LedgerRow = row ?? { id, user, dataSource, grantee, scope, permission, state: 'intended', attempts: 0 }
    const done = outcomes.succeeds(made, 'create')
    record(done ? activeRow(made, now) : failed(made, 'createFailed', now))
  }
  return [...rows.values()]
}

/** Fails on a create that is refused by AWS or comes before what 05 wants revoked first; what is held is not waited for. */
function refuseAsAwsWould(grant: DesiredGrant, ledger: readonly LedgerRow[], isOrderly: boolean): void {
  const present = ledger.filter(row => row.awsGrantId && row.state !== 'revoked')
  for (const row of present) {
    assert.notEqual(grantKey(row), grantKey(grant), 'AWS has it already')
    const isOfThem = row.user === grant.user && row.dataSource === grant.dataSource
    assert.ok(
      !isOrderly || !isOfThem || row.grantee.identifier === grant.grantee.identifier,
      'the old principal still has its grant',
    )
    assert.notEqual(
      grantKey(row),
      grantKey({ ...grant, permission: 'READWRITE' }),
      'what is to be lowered is still there',
    )
  }
}

export function activeRow(row: LedgerRow, activeAt: number): LedgerRow {
  return { ...row, state: 'active', attempts: 0, activeAt, awsGrantId: `g-${row.id}` }
}

function failed(row: LedgerRow, state: 'createFailed' | 'revokeFailed', now: number): LedgerRow {
  return { ...row, state, attempts: row.attempts + 1, nextTryAt: now + retryAfterMs }
}

function observedOf(ledger: readonly LedgerRow[]): ObservedGrant[] {
  return ledger.flatMap(({ awsGrantId, grantee, scope, permission, state }) =>
    awsGrantId && state !== 'revoked' ? [{ awsGrantId, grantee, scope, permission }] : [],
  )
}
