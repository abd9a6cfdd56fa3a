/**
 * Step 5 of the line: what may be done now so that AWS comes to hold the desired grants of one integration.
 *
 * Planned again after every outcome, until quiet. A plan holds only what may be done at once; tied work waits, and the
 * plan made after the first half's outcome is in the ledger picks it up. So no order lives in memory, and a restart
 * loses nothing. Never touches a grant that is not in the ledger. No clock: `now` is an argument.
 *
 * Tied pairs (05). Revoke, then create: lowering a permission, changing a principal. Create, then revoke: raising a
 * permission, losing a covering grant (either way not waited for once the create has failed), gaining a covering one.
 */
import type { Instant } from './facts.ts'
import {
  type DesiredGrant,
  type DesiredGrants,
  type Grantee,
  type GrantPermission,
  granteeKey,
  grantKey,
} from './grant.ts'
import type { HeldBy, LedgerRow } from './ledger.ts'
import { type Stage, tiesOf } from './plan-ties.ts'
import { inTheWayOf, judgeOf, type Restraint, redundancyOf, unrestrained } from './restraint.ts'
import { printScope, type Scope } from './scope.ts'

/** A grant as a listing of AWS shows it. */
export interface ObservedGrant {
  readonly awsGrantId: string
  readonly grantee: Grantee
  readonly scope: Scope
  readonly permission: GrantPermission
}

export type WaitReason =
  /** A call is under way or its outcome is not settled. */
  | 'inFlight'
  /** Failed; tried again at `until`, or not by itself when there is none. */
  | 'retry'
  /** Something that has to be revoked first is still there: same grant, other grantee, or higher permission. */
  | 'revokeFirst'
  /** What takes its place is not active yet. */
  | 'createFirst'
  /** What takes its place is active but not long enough to be seen everywhere in AWS. */
  | 'settling'
  /** The brake or the mode keeps it, or keeps what stands in its way: until a person decides otherwise. */
  | 'held'

export interface Waiting<Row extends LedgerRow> {
  readonly row?: Row
  readonly grant?: DesiredGrant
  readonly why: WaitReason
  readonly until?: Instant
  /** There exactly where it is held. */
  readonly by?: HeldBy
}

export interface Plan<Row extends LedgerRow> {
  /** Done before `create`; oldest first. */
  readonly revoke: readonly Row[]
  /** Of these, those that the brake counts. */
  readonly counted: readonly Row[]
  /** Oldest first: the rows to be tried (again), then grants that have no row yet. */
  readonly create: readonly { readonly grant: DesiredGrant; readonly row?: Row }[]
  /** Unwanted and certainly not in AWS: `revoked` without a call. */
  readonly drop: readonly Row[]
  /** Wanted and active. */
  readonly keep: readonly Row[]
  readonly wait: readonly Waiting<Row>[]
  /** Observed and not in the ledger: not ours, never touched. */
  readonly leave: readonly ObservedGrant[]
  readonly refuse: readonly { readonly grant: DesiredGrant; readonly why: 'sameGrantTwice' | 'foreignGrant' }[]
  /** The earliest instant at which planning again could differ although neither facts nor ledger changed. */
  readonly next?: Instant
}

/**
 * @param restraint mode and brake; without it nothing is held
 * @param ledger the integration's rows; those `revoked` and `abandoned` are needed only along with `observed`
 * @param observed a listing of the integration's location, for the audit; without it nothing is known to be foreign
 */
export function planChanges<Row extends LedgerRow>(
  desired: DesiredGrants,
  ledger: readonly Row[],
  now: Instant,
  observed: readonly ObservedGrant[] = [],
  restraint: Restraint<Row> = unrestrained,
): Plan<Row> {
  const live = ledger.filter(({ state }) => state !== 'revoked' && state !== 'abandoned').sort((a, b) => a.id - b.id)
  const leave = foreignGrants(ledger, observed)
  const { accepted, refuse } = acceptGrants(desired.grants, leave)
  const { rowOf, unwanted } = matchRows(accepted, live)
  function tiesWith(blockerOf: (grant: DesiredGrant) => Row | undefined, isOpened = (_: DesiredGrant) => false) {
    const stage = (grant: DesiredGrant): Stage =>
      isOpened(grant) ? { is: 'notAwaited' } : awaited(stageOf(grant, rowOf.get(grant), blockerOf(grant)))
    return tiesOf(accepted, desired.subsumed, stage, now)
  }
  const awaited = (stage: Stage): Stage =>
    restraint.createsNothing && stage.is === 'pending' ? { is: 'notAwaited' } : stage

  const isRedundant = redundancyOf<Row>(accepted.filter(grant => rowOf.get(grant)?.state === 'active'))
  const judge = judgeOf(restraint)
  const [staying, free] = [new Map<Row, HeldBy>(), new Set<Row>()]
  function isFree(row: Row): boolean {
    if (free.has(row) || isRedundant(row)) return true
    const by = judge(row)
    if (by) staying.set(row, by)
    else free.add(row)
    return by === undefined
  }
  const mayBeHeld = (row: Row) => row.state === 'active'
  if (restraint !== unrestrained && unwanted.some(mayBeHeld)) {
    const ties = tiesWith(blockersOf(unwanted))
    // Whoever waits for a covering grant is about to be redundant, and takes nobody's place with the brake.
    for (const row of unwanted) if (mayBeHeld(row) && ties(row)?.for !== 'covering') isFree(row)
  }

  // Refused by AWS before the mode was set: access still, so it stays like any other.
  if (restraint.mode === 'add')
    for (const row of unwanted) if (hasStayed(row) && !isRedundant(row)) staying.set(row, 'mode')

  const inTheWay = inTheWayOf([...staying.keys()])
  const blockerOf = blockersOf(unwanted.filter(row => !staying.has(row)))
  // What stays opens whatever it is in the way of, so nobody else's revocation waits for that.
  const ties = tiesWith(blockerOf, grant => rowOf.get(grant)?.state !== 'active' && inTheWay(grant) !== undefined)
  const [revoke, drop, keep, wait]: [Row[], Row[], Row[], Waiting<Row>[]] = [[], [], [], []]
  const create: { grant: DesiredGrant; row?: Row }[] = []
  for (const row of unwanted) {
    const by = staying.get(row)
    const step = unwantedStep(row, now)
    const tie = step === 'revoke' && row.state === 'active' ? ties(row) : undefined
    if (by) wait.push({ row, why: 'held', by })
    else if (tie) wait.push({ row, why: tie.why, ...(tie.until === undefined ? {} : { until: tie.until }) })
    else if (step === 'revoke' && mayBeHeld(row) && !isFree(row)) wait.push({ row, why: 'held', by: staying.get(row)! })
    else if (step === 'revoke') revoke.push(row)
    else if (step === 'drop') drop.push(row)
    else wait.push({ row, ...step })
  }
  for (const grant of accepted) {
    const row = rowOf.get(grant)
    const named = row ? { grant, row } : { grant }
    const step = wantedStep(row, blockerOf(grant), now)
    const stays = step === 'create' ? inTheWay(grant) : undefined
    if (stays) wait.push({ ...named, why: 'held', by: staying.get(stays)! })
    else if (step === 'create') create.push(named)
    else if (step !== 'keep') wait.push({ ...named, ...step })
    else if (row) keep.push(row)
  }

  create.sort((a, b) => (a.row?.id ?? Number.MAX_SAFE_INTEGER) - (b.row?.id ?? Number.MAX_SAFE_INTEGER))
  const next = earliest(wait)
  const counted = revoke.filter(row => free.has(row) && !row.isReleased && restraint.isCounted(row))
  const plan = { revoke, counted, create, drop, keep, wait, leave, refuse, ...(next === undefined ? {} : { next }) }
  return restraint.mode === 'observe' ? observing(plan) : plan
}

/** The same, with nothing to be done: what would have been waits. */
function observing<Row extends LedgerRow>(plan: Plan<Row>): Plan<Row> {
  const { revoke, drop, create, keep, leave, refuse } = plan
  const held = (one: { readonly row?: Row; readonly grant?: DesiredGrant }) =>
    ({ ...one, why: 'held', by: 'mode' }) as const
  // Even what was cut off is not looked up.
  const wait = [...plan.wait, ...[...revoke, ...drop].map(row => ({ row })), ...create].map(one =>
    'by' in one ? one : held({ ...(one.row ? { row: one.row } : {}), ...('grant' in one ? { grant: one.grant } : {}) }),
  )
  return { revoke: [], counted: [], create: [], drop: [], keep, wait, leave, refuse }
}

type Step = 'create' | 'keep' | Pick<Waiting<LedgerRow>, 'why' | 'until'>

function wantedStep(row: LedgerRow | undefined, blocker: LedgerRow | undefined, now: Instant): Step {
  if (row?.state === 'active') return 'keep'
  if (row?.state === 'creating') return { why: 'inFlight' }
  if (row && hasFailed(row) && !isDue(row, now)) return retry(row)
  return blocker ? { why: 'revokeFirst' } : 'create'
}

function unwantedStep(row: LedgerRow, now: Instant): 'revoke' | 'drop' | Pick<Waiting<LedgerRow>, 'why' | 'until'> {
  if (row.state === 'creating' || row.state === 'revoking') return { why: 'inFlight' }
  if (row.state === 'revokeFailed' && !isDue(row, now)) return retry(row)
  return mayBeInAws(row) ? 'revoke' : 'drop'
}

function earliest(waiting: readonly Waiting<LedgerRow>[]): Instant | undefined {
  let first: Instant | undefined
  for (const { until } of waiting) if (until !== undefined && (first === undefined || until < first)) first = until
  return first
}

function retry({ nextTryAt }: LedgerRow): Pick<Waiting<LedgerRow>, 'why' | 'until'> {
  return { why: 'retry', ...(nextTryAt === undefined ? {} : { until: nextTryAt }) }
}

function isDue({ nextTryAt }: LedgerRow, now: Instant): boolean {
  return nextTryAt !== undefined && nextTryAt <= now
}

function hasFailed({ state }: LedgerRow): boolean {
  return state === 'createFailed' || state === 'waitingForPrincipal'
}

/** Given once, and not taken away though that was tried. */
function hasStayed({ state, activeAt }: LedgerRow): boolean {
  return state === 'revokeFailed' && activeAt !== undefined
}

function mayBeInAws({ state, isUnanswered = false }: LedgerRow): boolean {
  return isUnanswered || state === 'creating' || state === 'active' || state === 'revoking' || state === 'revokeFailed'
}

function stageOf(grant: DesiredGrant, row: LedgerRow | undefined, blocker: LedgerRow | undefined): Stage {
  if (row?.state === 'active') return { is: 'active', since: row.activeAt ?? Number.NEGATIVE_INFINITY }
  const triedInVain = row !== undefined && (hasFailed(row) || row.attempts > 0)
  // Else a WRITE over nested data sources would be lowered from the inside out, one round of calls for each.
  const isLowered = blocker?.permission === 'READWRITE' && grant.permission === 'READ'
  return { is: triedInVain || isLowered || blocker?.state === 'revokeFailed' ? 'notAwaited' : 'pending' }
}

/** Gives each grant its row; a row that is on its way out is nobody's, and the grant then waits for its end. */
function matchRows<Row extends LedgerRow>(grants: readonly DesiredGrant[], live: readonly Row[]) {
  const claimable = new Map<string, Row>()
  for (const row of live) {
    if (row.state === 'revoking' || row.state === 'revokeFailed') continue
    const before = claimable.get(claimKey(row))
    if (!before || (before.state !== 'active' && row.state === 'active')) claimable.set(claimKey(row), row)
  }
  const rowOf = new Map<DesiredGrant, Row>()
  for (const grant of grants) {
    const row = claimable.get(claimKey(grant))
    if (row) rowOf.set(grant, row)
  }
  const wanted = new Set(rowOf.values())
  return { rowOf, unwanted: live.filter(row => !wanted.has(row)) }
}

/** The unwanted row, if any, that has to be out of AWS before a grant may be made. */
function blockersOf<Row extends LedgerRow>(unwanted: readonly Row[]): (grant: DesiredGrant) => Row | undefined {
  const present = unwanted.filter(mayBeInAws)
  const byEntitled = Map.groupBy(present, entitledKey)
  const byPlace = Map.groupBy(present, placeKey)
  return grant => {
    const changed = byEntitled
      .get(entitledKey(grant))
      ?.filter(row => granteeKey(row.grantee) !== granteeKey(grant.grantee))
    // The very same grant, or one to be lowered. A READ to be raised is in nobody's way.
    const above = byPlace
      .get(placeKey(grant))
      ?.filter(({ permission }) => permission === grant.permission || permission === 'READWRITE')
    const all = [...(changed ?? []), ...(above ?? [])]
    return all.find(({ state }) => state === 'revokeFailed') ?? all[0]
  }
}

/** Two grants of one key cannot both be in AWS, whoever holds them: the first is made, the others refused. */
function acceptGrants(grants: readonly DesiredGrant[], foreign: readonly ObservedGrant[]) {
  const taken = new Set<string>()
  const foreignKeys = new Set(foreign.map(grantKey))
  const accepted: DesiredGrant[] = []
  const refuse: { grant: DesiredGrant; why: 'sameGrantTwice' | 'foreignGrant' }[] = []
  for (const grant of grants) {
    const key = grantKey(grant)
    if (foreignKeys.has(key)) refuse.push({ grant, why: 'foreignGrant' })
    else if (taken.has(key)) refuse.push({ grant, why: 'sameGrantTwice' })
    else accepted.push(grant)
    taken.add(key)
  }
  return { accepted, refuse }
}

function foreignGrants(ledger: readonly LedgerRow[], observed: readonly ObservedGrant[]): ObservedGrant[] {
  const ids = new Set(ledger.map(({ awsGrantId }) => awsGrantId))
  // A call whose answer was lost has no id yet: what it made may be ours, so it is for the look-up to say.
  const unsettled = new Set(
    ledger.filter(row => row.state === 'creating' && row.awsGrantId === undefined).map(grantKey),
  )
  return observed.filter(grant => !ids.has(grant.awsGrantId) && !unsettled.has(grantKey(grant)))
}

function entitledKey({ user, dataSource }: Pick<DesiredGrant, 'user' | 'dataSource'>): string {
  return `${user} ${dataSource}`
}

function claimKey(grant: Pick<DesiredGrant, 'user' | 'dataSource' | 'grantee' | 'scope' | 'permission'>): string {
  return `${entitledKey(grant)} ${grantKey(grant)}`
}

function placeKey({ grantee, scope }: Pick<DesiredGrant, 'grantee' | 'scope'>): string {
  return `${granteeKey(grantee)} ${printScope(scope)}`
}
