/**
 * Ledger first: writes down, in one transaction, what a plan is about to do, with its run, its causes and how far the
 * facts have been followed. Answers what is now to be called. Calls nothing itself.
 */
import {
  type DesiredGrant,
  type DesiredGrants,
  grantKey,
  type Instant,
  type LedgerRow,
  type OwnReason,
  type Plan,
} from '@headgate/core'
import type { FactChange } from '../db/fact-change.ts'
import { assertLeading, type Leadership, recordCheckpoint } from '../db/leadership.ts'
import { type StoredGrant, writeIntentions } from '../db/ledger.ts'
import type { Db } from '../db/open.ts'
import { insertRun } from '../db/run.ts'
import { type Affected, causesOf } from './cause.ts'
import type { Work } from './provision.ts'

export interface Planned {
  readonly plan: Plan<StoredGrant>
  readonly desired: DesiredGrants
  readonly ledger: readonly StoredGrant[]
  /** Those after the checkpoint. */
  readonly changes: readonly FactChange[] | undefined
  readonly checkpoint: number
  readonly sequence: number
  readonly now: Instant
  /** Somebody who is no part of this plan waits for something. */
  readonly hasOthers: boolean
  /** Whether AWS may be asked for new grants now. */
  readonly mayCreate: boolean
}

export interface Intended {
  readonly work: Work
  /** Absent when there is nothing to do. */
  readonly run?: number
  /** When something unsettled is to be looked up again. */
  readonly next?: Instant
}

/** So much of a plan at once: what is more waits for the next, so that no transaction grows long. */
const mostRevocations = 1000
const mostCreations = 5000

/** Throws LeadershipLost. */
export async function intend(db: Db, lead: Leadership, planned: Planned): Promise<Intended> {
  const { plan, now, sequence } = planned
  const open = unsettled(plan, now)
  const revoke = plan.revoke.slice(0, mostRevocations)
  const create = planned.mayCreate ? plan.create.slice(0, mostCreations) : []
  const retried = planned.mayCreate ? open.wanted : []
  const explain = otherReasons(planned)
  const toRevoke = revoke.length + open.revoking.length
  const toCreate = create.length + retried.length
  const isWork = toRevoke + toCreate + open.unwanted.length + plan.drop.length > 0
  const isWhole = revoke.length === plan.revoke.length && create.length === plan.create.length && !hasTies(plan)
  const next = open.next === undefined ? {} : { next: open.next }
  const isNews = isWhole && sequence > planned.checkpoint
  if (!isWork && !isNews && explain.length === 0) return { work: { revoke: [], lookUp: [], create: [] }, ...next }

  const causeOf = causesOf(planned.changes, now)
  const withCause = (row: StoredGrant) => ({ row, cause: causeOf(row) })
  return db.transaction(async tx => {
    await assertLeading(tx, lead)
    const run = isWork ? await insertRun(tx, lead, { sequence, toCreate, toRevoke }) : undefined
    const made = await writeIntentions(tx, lead, {
      run: run ?? null,
      drop: plan.drop.map(withCause),
      revoke: revoke.map(withCause),
      explain,
      create: create.filter(({ row }) => !row).map(({ grant }) => ({ grant, cause: causeOf(grant) })),
    })
    await recordCheckpoint(tx, lead, {
      ...(isWhole ? { checkpoint: sequence } : {}),
      isSettled: isSettled(plan) && !planned.hasOthers,
    })
    const rows = made.values()
    const creations = create.map(({ grant, row }) => ({ grant, row: row ?? taken(rows), isUnsettled: false }))
    const work = {
      revoke: [...revoke, ...open.revoking],
      lookUp: open.unwanted,
      create: [...retried.map(one => ({ ...one, isUnsettled: true })), ...creations],
    }
    return { work, ...(run === undefined ? {} : { run }), ...next }
  })
}

/** No call is in flight while a plan is made, so whatever looks like it was cut off or got no answer. */
function unsettled(plan: Plan<StoredGrant>, now: Instant) {
  const open = plan.wait.flatMap(({ row, grant, why }) => (why === 'inFlight' && row ? [{ row, grant }] : []))
  const isDue = ({ row }: { row: StoredGrant }) => (row.nextTryAt ?? now) <= now
  const due = open.filter(isDue)
  const later = open.filter(one => !isDue(one)).map(({ row }) => row.nextTryAt ?? now)
  return {
    revoking: due.filter(({ row }) => row.state === 'revoking').map(({ row }) => row),
    unwanted: due.filter(({ row, grant }) => row.state === 'creating' && !grant).map(({ row }) => row),
    wanted: due.flatMap(({ row, grant }) => (row.state === 'creating' && grant ? [{ row, grant }] : [])),
    next: later.length === 0 ? undefined : later.reduce((a, b) => Math.min(a, b)),
  }
}

function taken(rows: Iterator<StoredGrant>): StoredGrant {
  const { value } = rows.next()
  if (!value) throw new Error('an intent was not stored')
  return value
}

/** Something that the facts call for has to wait for something else, so their effect is not in the ledger yet. */
function hasTies({ wait }: Plan<LedgerRow>): boolean {
  return wait.some(({ why }) => why === 'createFirst' || why === 'revokeFirst' || why === 'settling')
}

function isSettled({ revoke, create, drop, wait, refuse }: Plan<LedgerRow>): boolean {
  return revoke.length + create.length + drop.length + wait.length + refuse.length === 0
}

/** Rows that stay, for other reasons than before: a change that calls nothing. */
function otherReasons({ desired, ledger }: Planned): { row: StoredGrant; because: readonly OwnReason[] }[] {
  const wanted = new Map(desired.grants.map(grant => [claimKey(grant), grant]))
  return ledger.flatMap(row => {
    const grant = wanted.get(claimKey(row))
    return grant && reasonsKey(grant.because) !== reasonsKey(row.because) ? [{ row, because: grant.because }] : []
  })
}

function claimKey(grant: Affected & Pick<DesiredGrant, 'grantee' | 'scope' | 'permission'>): string {
  return `${grant.user} ${grant.dataSource} ${grantKey(grant)}`
}

/** JSON would not do: the database keeps an object's members in an order of its own. */
function reasonsKey(because: readonly OwnReason[]): string {
  return because
    .map(reason =>
      reason.kind === 'policy'
        ? `policy ${reason.id} ${reason.version} ${reason.level}`
        : `member ${reason.id} ${reason.level} ${reason.until} ${reason.via?.group}`,
    )
    .join(', ')
}
