/**
 * The line at work: make AWS match policy for one integration. Level-based: reads the state, trusts no event, safe to
 * run twice. One round does what may be done now; the next picks up what waited for it, until a round finds nothing.
 *
 * Writes nothing once its leadership is over, and calls AWS about nothing that is not in the ledger first.
 */
import { performance } from 'node:perf_hooks'
import {
  brakeRoom,
  type DesiredGrant,
  type DesiredGrants,
  type EntitlementIndex,
  type IntegrationId,
  type Plan,
  planChanges,
  unrestrained,
} from '@headgate/core'
import type { IntegrationStatus } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { noteRoom } from '../db/capacity.ts'
import { tenantId } from '../db/deployment.ts'
import { type Changes, changesBetween } from '../db/fact-change.ts'
import { currentMoment } from '../db/facts.ts'
import { identityCenterAssociated } from '../db/identity-center.ts'
import { findIntegration, type IntegrationRow, isServing } from '../db/integration.ts'
import { type Leadership, readCheckpoint } from '../db/leadership.ts'
import {
  brakeHour,
  countedWithinHour,
  holdersOfEnded,
  type LedgerPart,
  loadLedger,
  type StoredGrant,
  stateOfIntent,
} from '../db/ledger.ts'
import type { Db } from '../db/open.ts'
import { finishRun } from '../db/run.ts'
import { allEntitlements, desiredFor, entitlementsOfPeople } from '../live-index/desired.ts'
import type { People } from '../live-index/followers.ts'
import type { World } from '../world.ts'
import type { AtBoundary } from './boundary.ts'
import { type Cause, causesOf, endedIn, meantSince } from './cause.ts'
import { type Intended, intend } from './intend.ts'
import type { OpenPeople } from './open-people.ts'
import type { Pace } from './pace.ts'
import { provision } from './provision.ts'

export interface Attempt {
  readonly lead: Leadership
  readonly pace: Pace
  readonly signal: AbortSignal
  /** Whether a fact has changed since the round began. */
  readonly isStale: () => boolean
  /** AWS had no room for more when it was last asked, a moment ago. */
  readonly mayCreate: boolean
  /** Only their grants are planned: whoever is not among them is as the last plan wanted it. */
  readonly open: OpenPeople
  readonly atBoundary: AtBoundary
}

export interface Round {
  /** Nothing is to be done before `nextInMs`, unless a fact changes. */
  readonly isQuiet: boolean
  readonly nextInMs?: number
  /** The change that the round started from. */
  readonly sequence: number
  readonly planningMs: number
  readonly revoked: number
  readonly isUnreachable: boolean
  readonly isOverQuota: boolean
  /** The integration wants nothing and has nothing any more. */
  readonly isEmpty: boolean
}

/** Throws LeadershipLost, or a database error: then what is unsettled is found by the next round. */
export async function reconcile(world: World, attempt: Attempt): Promise<Round> {
  const { lead, open, atBoundary } = attempt
  const startedAt = performance.now()
  await atBoundary('before plan')
  const known = await load(world, lead.integration, open) // as of one change sequence
  const { integration, ledger, now, people } = known
  const causeOf = causesWith(known)
  const plan = await planWithin(world.db, known, causeOf) // pure, but for a look at the brake
  await atBoundary('before intents')
  const mayCreate = attempt.mayCreate && isServing(integration)
  const hasOthers = open.hasOthers(people)
  const intended = await intend(world.db, lead, { ...known, plan, causeOf, mayCreate, hasOthers }) // ledger first
  open.note(people, plan)
  await atBoundary('after intents')
  const planningMs = performance.now() - startedAt

  const next = earliest(plan.next, intended.next, open.next(), wants(integration.status) ? known.expiry : undefined)
  const dueAt = startedAt + (next === undefined ? Number.POSITIVE_INFINITY : next - now)
  const isInterrupted = () => {
    // However fast facts change, at least as much time goes into the work as into planning it.
    const elapsed = performance.now() - startedAt
    return elapsed > 2 * planningMs && (attempt.isStale() || performance.now() > dueAt)
  }
  const done = await carryOut(world, attempt, known, intended, isInterrupted) // then AWS
  const isEmpty = !wants(integration.status) && ledger.length === 0
  return {
    isQuiet: intended.run === undefined,
    ...(next === undefined ? {} : { nextInMs: Math.max(0, dueAt - performance.now()) }),
    sequence: known.sequence,
    planningMs,
    revoked: done?.revoked ?? 0,
    isUnreachable: done?.isUnreachable ?? false,
    isOverQuota: done?.isOverQuota ?? false,
    isEmpty,
  }
}

interface Known {
  readonly integration: IntegrationRow
  /** Whom desired grants and ledger are about. */
  readonly people: People
  readonly desired: DesiredGrants
  readonly ledger: readonly StoredGrant[]
  readonly changes: Changes
  readonly checkpoint: number
  readonly sequence: number
  readonly now: number
  /** Revocations within the last hour that count with the brake. */
  readonly counted: number
  /** When a membership ends next. */
  readonly expiry: number | undefined
  readonly tenantId: string
}

async function load(world: World, id: IntegrationId, open: OpenPeople): Promise<Known> {
  for (;;) {
    const { index, sequence } = await world.index.fresh()
    // In one turn: whoever is touched from here on belongs to the next round.
    const people = open.due(index.now)
    const desired = desire(index, id, people)
    const expiry = index.nextExpiry()
    const stored = await world.db.snapshot(tx => loadStored(tx, id, sequence, partOf(people, desired)))
    // One that is being deleted wants nothing, so that everything is revoked.
    const isOver = !wants(stored.integration.status)
    if (isOver && people !== 'everybody') open.forget()
    else if (people === 'everybody') {
      return { ...stored, people, desired: isOver ? nothing : desired, expiry, sequence }
    } else {
      // Two grants of one key cannot both be in AWS, so whoever still has a grantee is planned with who gets it.
      const others = [...stored.ledger.map(({ user }) => user), ...stored.ended].filter(user => !people.has(user))
      if (others.length === 0) return { ...stored, people, desired, expiry, sequence }
      open.add(others)
    }
  }
}

function partOf(people: People, { grants }: DesiredGrants): LedgerPart | undefined {
  if (people === 'everybody') return undefined
  return { people: [...people], grantees: [...new Set(grants.map(({ grantee }) => grantee.identifier))] }
}

async function loadStored(tx: Tx, id: IntegrationId, sequence: number, part: LedgerPart | undefined) {
  const integration = await findIntegration(tx, id)
  if (!integration) throw new Error(`integration ${id} has no row`)
  const { now } = await currentMoment(tx)
  const checkpoint = await readCheckpoint(tx, id)
  const counted = await countedWithinHour(tx, id)
  const changes = await changesBetween(tx, checkpoint, sequence)
  const ledger = await loadLedger(tx, id, part)
  return {
    integration,
    now,
    // What is held is of people who may be entitled to nothing, so that no change of theirs moves anything.
    ended: part ? await holdersOfEnded(tx, id, endedIn(changes), now) : [],
    checkpoint,
    counted,
    changes,
    ledger: ledger.map(row => (isMappedAnew(row, changes) ? { ...row, nextTryAt: now } : row)),
    tenantId: await tenantId(tx),
  }
}

/** Whoever waits for a principal that AWS does not know is tried again as soon as somebody says it anew. */
function isMappedAnew({ state, user, updatedAt }: StoredGrant, { list }: Changes): boolean {
  if (state !== 'waitingForPrincipal') return false
  return list.some(({ entity, after, at, cause }) => {
    if (cause === identityCenterAssociated) return at > updatedAt
    return entity === 'principal' && at > updatedAt && after !== null && 'user' in after && after.user === user
  })
}

function wants(status: IntegrationStatus): boolean {
  return status !== 'deleting'
}

const nothing: DesiredGrants = { grants: [], unmapped: [], subsumed: [] }

function desire(index: EntitlementIndex, integration: IntegrationId, people: People): DesiredGrants {
  const entitled =
    people === 'everybody' ? allEntitlements(index, integration) : entitlementsOfPeople(index, integration, people)
  return desiredFor(index, integration, entitled)
}

/** As far as mode and brake allow. Whether the brake is near is seen from a cheap count; how near, only when it is. */
async function planWithin(
  db: Db,
  { integration, desired, ledger, now, counted }: Known,
  causeOf: (row: StoredGrant) => Cause,
): Promise<Plan<StoredGrant>> {
  // Whatever the mode: who deletes an integration wants its grants gone.
  if (!wants(integration.status)) return planChanges(desired, ledger, now, [], unrestrained)
  const { mode, brake_revocations: revocations, brake_percent: percent } = integration
  const isCounted = (row: StoredGrant) => causeOf(row).isCounted
  const createsNothing = !isServing(integration)
  const planWith = (room: number) => planChanges(desired, ledger, now, [], { mode, room, isCounted, createsNothing })
  const plan = planWith(Math.max(0, revocations - counted))
  if (!plan.wait.some(({ row, by }) => by === 'brake' && row?.held !== 'brake')) return plan
  const hour = await db.transaction(tx => brakeHour(tx, integration.id as IntegrationId))
  return planWith(brakeRoom({ revocations, percent }, hour))
}

/** What is held keeps the cause that made it unwanted, until a person means it to go or its date has come. */
function causesWith({ changes, now }: Known): (grant: StoredGrant | DesiredGrant) => Cause {
  const causeOf = causesOf(changes, now)
  const endOf = meantSince(changes, now)
  const known = new Map<StoredGrant | DesiredGrant, Cause>()
  function causeFor(grant: StoredGrant | DesiredGrant): Cause {
    const isOld = 'held' in grant || 'isReleased' in grant
    if (!isOld) return causeOf(grant)
    return endOf(grant) ?? { name: grant.cause, isCounted: grant.isCounted }
  }
  return grant => {
    const cause = known.get(grant) ?? causeFor(grant)
    known.set(grant, cause)
    return cause
  }
}

async function carryOut(
  world: World,
  { lead, pace, signal, isStale, atBoundary }: Attempt,
  { integration, tenantId, now }: Known,
  { run, work }: Intended,
  isInterrupted: () => boolean,
) {
  const { aws_location_id: locationId } = integration
  if (run === undefined) return undefined
  if (work.revoke.length + work.lookUp.length + work.create.length === 0) {
    await finishRun(world.db, run, { created: 0, revoked: 0, failed: 0 })
    return undefined
  }
  // Without a location there is nothing of ours in AWS, and the row of an enabled integration has one.
  if (locationId === null) throw new Error(`integration ${integration.id} has no location`)
  const done = await provision(work, {
    db: world.db,
    lead,
    run,
    aws: world.aws.of(integration),
    locationId,
    tenantId,
    pace,
    parallel: world.config.HEADGATE_AWS_PARALLEL,
    signal,
    isInterrupted,
    mayRevoke: async () => {
      if (!isStale()) return true
      const row = await findIntegration(world.db.kysely, integration.id)
      return row?.mode === 'enforce' || row?.mode === integration.mode || row?.status === 'deleting'
    },
    atBoundary,
    random: Math.random,
    now,
    isOver: async intent => {
      const state = await stateOfIntent(world.db, lead.integration, intent)
      return state === 'revoked' || state === 'abandoned'
    },
  })
  await noteRoom(world.db, integration, done)
  await atBoundary('before run end')
  await finishRun(world.db, run, done)
  await atBoundary('after run end')
  return done
}

function earliest(...instants: readonly (number | undefined)[]): number | undefined {
  return instants.reduce(
    (first, at) => (at !== undefined && (first === undefined || at < first) ? at : first),
    undefined,
  )
}
