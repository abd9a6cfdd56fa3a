/**
 * Carries a plan out: revocations, then what is unsettled, then creations. Each call's row is in the ledger before the
 * call, its outcome right after; what a call failed with is the row's business, and never stops the others.
 *
 * Never touches a grant without a row of its own. Retries nothing but by pace; everything else waits in the ledger.
 */
import { performance } from 'node:perf_hooks'
import type { Leadership } from '../db/leadership.ts'
import { markCreating, type StoredGrant, writeOutcomes } from '../db/ledger.ts'
import type { Db } from '../db/open.ts'
import { noteProgress, type RunTally } from '../db/run.ts'
import { type Called, type CallSite, type Creation, callsOf } from './calls.ts'
import { inLanes } from './in-lanes.ts'
import { createOutcomeLog } from './outcome-log.ts'
import { takeMarked } from './take-marked.ts'

export interface Work {
  /** Marked `revoking`; those whose earlier revocation was not settled among them: deleting twice does no harm. */
  readonly revoke: readonly StoredGrant[]
  /** `creating`, unsettled and no longer wanted. */
  readonly lookUp: readonly StoredGrant[]
  readonly create: readonly Creation[]
}

export interface Provisioning extends CallSite {
  readonly db: Db
  readonly lead: Leadership
  /** Whose progress is told while it lasts. */
  readonly run: number
  /** Calls in flight at once. */
  readonly parallel: number
  /** Whether something came up that should be planned before more is created. */
  readonly isInterrupted: () => boolean
  /** Whether somebody has set another mode since: then nothing more is revoked than was begun. */
  readonly mayRevoke: () => Promise<boolean>
}

export interface Provisioned extends RunTally {
  /** AWS could not be reached: the rest was not tried. */
  readonly isUnreachable: boolean
  /** AWS has no room for more grants: the rest was not created. */
  readonly isOverQuota: boolean
}

/** People watch a run, and see no more than this. */
const tellEveryMs = 500

/** Ends when every call that was begun has ended and its outcome is stored. Throws LeadershipLost, or a database error. */
export async function provision(work: Work, how: Provisioning): Promise<Provisioned> {
  const result = { created: 0, revoked: 0, failed: 0, isUnreachable: false, isOverQuota: false }
  const { db, lead, run, parallel, signal, atBoundary } = how
  let toldAt = performance.now()
  let isStopped = false
  const outcomes = createOutcomeLog(async batch => {
    await atBoundary('before outcomes')
    await writeOutcomes(db, lead, batch)
    await atBoundary('after outcomes')
    isStopped ||= !(await how.mayRevoke())
    if (performance.now() - toldAt < tellEveryMs) return
    toldAt = performance.now()
    await noteProgress(db, run, result)
  })
  const calls = callsOf(how)
  const mayGoOn = () => !signal.aborted && !result.isUnreachable

  /** Whether the call was made. */
  async function noted(call: Promise<Called>): Promise<boolean> {
    const called = await call.catch(error => {
      // Never made, since we are to stop: the row stays as it is marked.
      if (signal.aborted && error === signal.reason) return undefined
      throw error
    })
    if (!called) return false
    const { outcome, stops } = called
    if (stops === 'unreachable') result.isUnreachable = true
    if (stops === 'quota') result.isOverQuota = true
    if (outcome.state === 'active') result.created += 1
    else if (outcome.state === 'revoked') result.revoked += 1
    else if (outcome.failure) result.failed += 1
    outcomes.add(outcome)
    return true
  }

  async function each(rows: readonly StoredGrant[], call: (row: StoredGrant) => Promise<Called>): Promise<void> {
    const next = rows.values()
    await inLanes(parallel, async () => {
      const row = mayGoOn() ? next.next().value : undefined
      if (row) await noted(call(row))
      return row !== undefined
    })
  }

  async function revokeAll(): Promise<void> {
    const next = work.revoke.values()
    await inLanes(parallel, async () => {
      const row = mayGoOn() && !isStopped ? next.next().value : undefined
      if (row) await noted(calls.revoke(row))
      return row !== undefined
    })
    if (!isStopped) return
    // Never asked for: what was in AWS before is there as ever, and the next plan goes by the mode.
    for (const row of next) if (row.state === 'active') outcomes.add({ id: row.id, state: 'active' })
  }

  async function createAll(): Promise<void> {
    const marked = takeMarked(work.create, 2 * parallel, async batch => {
      await atBoundary('before creating')
      const rows = batch.map(({ row }) => row)
      await markCreating(db, lead, rows)
      await atBoundary('after creating')
    })
    const isOver = () => !mayGoOn() || result.isOverQuota || how.isInterrupted()
    const handBack = ({ row, isUnsettled }: Creation) => {
      if (!isUnsettled) outcomes.add({ id: row.id, state: 'intended' })
    }
    await inLanes(parallel, async () => {
      const one = isOver() ? undefined : await marked.take()
      if (one && !(await noted(calls.create(one)))) handBack(one)
      return one !== undefined
    })
    for (const one of await marked.leave()) handBack(one)
  }

  try {
    await revokeAll()
    await each(work.lookUp, calls.settleUnwanted)
    await createAll()
  } finally {
    await outcomes.stored()
  }
  return result
}
