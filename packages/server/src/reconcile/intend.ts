/**
 * Ledger first: writes down, in one transaction, what a plan is about to do, with its run, its causes and how far the
 * facts have been followed. What the brake holds is written down too, and told. Answers what is now to be called.
 * Calls nothing itself.
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
import { type Act, act, system, type Tx } from '../db/act.ts'
import { assertLeading, type Leadership, recordCheckpoint } from '../db/leadership.ts'
import { type Hold, type StoredGrant, writeIntentions } from '../db/ledger.ts'
import type { Db } from '../db/open.ts'
import { insertRun } from '../db/run.ts'
import { tellHeld } from '../notify/tell-trouble.ts'
import type { Affected, Cause } from './cause.ts'
import type { Work } from './provision.ts'

export interface Planned {
  readonly plan: Plan<StoredGrant>
  readonly desired: DesiredGrants
  readonly ledger: readonly StoredGrant[]
  readonly causeOf: (grant: StoredGrant | DesiredGrant) => Cause
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
  const { plan, now, sequence, causeOf } = planned
  const open = unsettled(plan, now)
  const revoke = plan.revoke.slice(0, mostRevocations)
  const create = planned.mayCreate ? plan.create.slice(0, mostCreations) : []
  const retried = planned.mayCreate ? open.wanted : []
  const explain = otherReasons(planned)
  const hold = newlyHeld(planned)
  const braked = hold.filter(({ row, by }) => by === 'brake' && row.held !== 'brake')
  const unhold = wantedAgain(plan)
  const toRevoke = revoke.length + open.revoking.length
  const toCreate = create.length + retried.length
  const isWork = toRevoke + toCreate + open.unwanted.length + plan.drop.length + braked.length > 0
  const isWhole = revoke.length === plan.revoke.length && create.length === plan.create.length && !hasTies(plan)
  const next = open.next === undefined ? {} : { next: open.next }
  const isNews = isWhole && sequence > planned.checkpoint
  const isSaid = explain.length + hold.length + unhold.length > 0
  if (!isWork && !isNews && !isSaid) return { work: { revoke: [], lookUp: [], create: [] }, ...next }

  const counted = new Set(plan.counted)
  async function store(tx: Tx, doing?: Act): Promise<Intended> {
    await assertLeading(tx, lead)
    const counts = { sequence, toCreate, toRevoke, held: braked.length }
    const run = isWork ? await insertRun(tx, lead, counts) : undefined
    const made = await writeIntentions(tx, lead, {
      run: run ?? null,
      drop: plan.drop.map(row => ({ row, cause: causeOf(row).name })),
      revoke: revoke.map(row => ({ row, cause: causeOf(row).name, isCounted: counted.has(row) })),
      hold,
      unhold,
      explain,
      create: create.filter(({ row }) => !row).map(({ grant }) => ({ grant, cause: causeOf(grant).name })),
    })
    await recordCheckpoint(tx, lead, {
      ...(isWhole ? { checkpoint: sequence } : {}),
      isSettled: isSettled(plan) && !planned.hasOthers,
    })
    if (run !== undefined && doing) {
      doing.audit(heldEvent(lead, run, braked))
      await tellHeld(doing, { run, integration: lead.integration, held: braked.length })
    }
    const rows = made.values()
    const creations = create.map(({ grant, row }) => {
      return { grant, row: row ?? taken(rows), isUnsettled: row?.isUnanswered ?? false }
    })
    const work = {
      revoke: [...revoke, ...open.revoking],
      lookUp: open.unwanted,
      create: [...retried.map(one => ({ ...one, isUnsettled: true })), ...creations],
    }
    return { work, ...(run === undefined ? {} : { run }), ...next }
  }
  if (braked.length === 0) return db.transaction(tx => store(tx))
  return (await act(db, system, doing => store(doing.tx, doing))).result
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

/** Unwanted rows that stay, of which the ledger does not say so yet, or not that by now they are meant to go. */
function newlyHeld({ plan, causeOf }: Planned): Hold[] {
  return plan.wait.flatMap(({ row, grant, by }) => {
    if (!row || grant || !by || row.state !== 'active') return []
    const { name, isCounted } = causeOf(row)
    const isSaid = row.held === by && row.cause === name && row.isCounted === isCounted
    return isSaid ? [] : [{ row, by, cause: name, isCounted }]
  })
}

function wantedAgain(plan: Plan<StoredGrant>): StoredGrant[] {
  return plan.keep.filter(({ held, isReleased }) => held !== undefined || isReleased)
}

/** Something that the facts call for has to wait for something else, so their effect is not in the ledger yet. */
function hasTies({ wait }: Plan<LedgerRow>): boolean {
  return wait.some(({ why }) => why === 'createFirst' || why === 'revokeFirst' || why === 'settling')
}

function isSettled({ revoke, create, drop, wait, refuse }: Plan<LedgerRow>): boolean {
  return revoke.length + create.length + drop.length + wait.length + refuse.length === 0
}

/** So many are named in an audit event; the rows of the run are all of them. */
const mostNamed = 100

function heldEvent({ integration }: Leadership, run: number, held: readonly Hold[]): Parameters<Act['audit']>[0] {
  const causes: Record<string, number> = {}
  for (const { cause } of held) causes[cause] = (causes[cause] ?? 0) + 1
  const idsOf = (pick: (row: StoredGrant) => number) =>
    [...new Set(held.map(({ row }) => pick(row)))].slice(0, mostNamed)
  return {
    action: 'HOLD',
    targetType: 'RUN',
    targets: [{ type: 'RUN', id: String(run) }],
    relatedResources: [
      { type: 'INTEGRATION', id: String(integration) },
      ...idsOf(row => row.dataSource).map(id => ({ type: 'DATASOURCE', id: String(id) })),
      ...idsOf(row => row.user).map(id => ({ type: 'USER', id: String(id) })),
    ],
    payload: { type: 'RevocationsHeld', held: held.length, causes },
  }
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
    .map(reason => {
      if (reason.kind === 'policy') return `policy ${reason.id} ${reason.version} ${reason.level}`
      const via = reason.kind === 'membership' ? reason.via.product : reason.via?.group
      return `${reason.kind} ${reason.id} ${reason.level} ${reason.until} ${via}`
    })
    .join(', ')
}
