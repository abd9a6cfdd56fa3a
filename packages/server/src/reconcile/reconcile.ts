/**
 * The line at work: make AWS match policy for one integration. Level-based: reads the state, trusts no event, safe to
 * run twice. One round does what may be done now; the next picks up what waited for it, until a round finds nothing.
 *
 * Writes nothing once its leadership is over, and calls AWS about nothing that is not in the ledger first.
 */
import { performance } from 'node:perf_hooks'
import { type DesiredGrants, type EntitlementIndex, type IntegrationId, planChanges } from '@headgate/core'
import type { IntegrationStatus } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { tenantId } from '../db/deployment.ts'
import { changesBetween, type FactChange } from '../db/fact-change.ts'
import { currentMoment } from '../db/facts.ts'
import { findIntegration, type IntegrationRow } from '../db/integration.ts'
import { type Leadership, readCheckpoint } from '../db/leadership.ts'
import { type LedgerPart, loadLedger, type StoredGrant } from '../db/ledger.ts'
import { finishRun } from '../db/run.ts'
import { allEntitlements, desiredFor, entitlementsOfPeople } from '../live-index/desired.ts'
import type { People } from '../live-index/followers.ts'
import type { World } from '../world.ts'
import type { AtBoundary } from './boundary.ts'
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
  const { integration, desired, ledger, now, people } = known
  const plan = planChanges(desired, ledger, now) // pure
  await atBoundary('before intents')
  const mayCreate = attempt.mayCreate && integration.status === 'enabled'
  const hasOthers = open.hasOthers(people)
  const intended = await intend(world.db, lead, { ...known, plan, mayCreate, hasOthers }) // ledger first
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
  const done = await carryOut(world, attempt, integration, known, intended, isInterrupted) // then AWS
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
  readonly changes: readonly FactChange[] | undefined
  readonly checkpoint: number
  readonly sequence: number
  readonly now: number
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
      const others = stored.ledger.filter(({ user }) => !people.has(user))
      if (others.length === 0) return { ...stored, people, desired, expiry, sequence }
      open.add(others.map(({ user }) => user))
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
  const changes = await changesBetween(tx, checkpoint, sequence)
  const ledger = await loadLedger(tx, id, part)
  return {
    integration,
    now,
    checkpoint,
    changes,
    ledger: ledger.map(row => (isMappedAnew(row, changes) ? { ...row, nextTryAt: now } : row)),
    tenantId: await tenantId(tx),
  }
}

/** Whoever waits for a principal that AWS does not know is tried again as soon as somebody says it anew. */
function isMappedAnew({ state, user, updatedAt }: StoredGrant, changes: readonly FactChange[] = []): boolean {
  if (state !== 'waitingForPrincipal') return false
  return changes.some(({ entity, after, at }) => {
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

async function carryOut(
  world: World,
  { lead, pace, signal, atBoundary }: Attempt,
  integration: IntegrationRow,
  { tenantId, now }: Known,
  { run, work }: Intended,
  isInterrupted: () => boolean,
) {
  const { aws_location_id: locationId } = integration
  if (run === undefined) return undefined
  // Without a location there is nothing of ours in AWS, and the row of an enabled integration has one.
  if (locationId === null) throw new Error(`integration ${integration.id} has no location`)
  const done = await provision(work, {
    db: world.db,
    lead,
    aws: world.aws.of(integration),
    locationId,
    tenantId,
    pace,
    parallel: world.config.HEADGATE_AWS_PARALLEL,
    signal,
    isInterrupted,
    atBoundary,
    random: Math.random,
    now,
  })
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
