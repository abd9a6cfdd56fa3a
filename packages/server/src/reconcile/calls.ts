/**
 * The calls that provisioning makes, each ending in an outcome for the ledger row that it is about.
 *
 * A create whose answer was lost is looked up, never assumed; what AWS understood differently is taken back, and so is
 * what it carried out long after the row was given up.
 */
import { type DesiredGrant, type Instant, listLagMs, printScope } from '@headgate/core'
import { createGrant, deleteGrant } from '../aws/access-grants.ts'
import { AwsFailure } from '../aws/aws-error.ts'
import type { AwsClients } from '../aws/clients.ts'
import type { Outcome, StoredGrant } from '../db/ledger.ts'
import { createFailed, retryInMs, revokeFailed } from './back-off.ts'
import type { AtBoundary } from './boundary.ts'
import { type Found, lookUp } from './look-up.ts'
import type { Pace, Passage } from './pace.ts'

export interface Creation {
  readonly row: StoredGrant
  readonly grant: DesiredGrant
  /** An earlier call may have made it. */
  readonly isUnsettled: boolean
}

/** Where and how. */
export interface CallSite {
  readonly aws: AwsClients
  readonly locationId: string
  readonly tenantId: string
  readonly pace: Pace
  /** Once aborted, no call is begun: what would have been is rejected with its reason. */
  readonly signal: AbortSignal
  readonly atBoundary: AtBoundary
  /** In [0, 1). */
  readonly random: () => number
  /** When the ledger was read. */
  readonly now: Instant
  /** Whether a tag names a row of the integration that is over. */
  readonly isOver: (intent: string) => Promise<boolean>
}

export interface Called {
  readonly outcome: Outcome
  /** What need not be tried for others either. */
  readonly stops?: 'unreachable' | 'quota'
}

/** A deleted grant may be listed for a while: not taken back for ever. */
const mostTakenBack = 3

export function callsOf({ aws, locationId, tenantId, pace, signal, atBoundary, random, now, isOver }: CallSite) {
  const harmless: Passage = { again: ['lostAnswer'], signal }

  async function find(row: StoredGrant): Promise<Exclude<Found, { is: 'late' }>> {
    for (let taken = 0; ; taken += 1) {
      const found = await lookUp(aws, locationId, row, call => pace.pass(harmless, call), isOver)
      if (found.is !== 'late') return found
      if (taken >= mostTakenBack) return { is: 'absent' }
      await pace.pass({ ...harmless, isUrgent: true }, () => deleteGrant(aws, found.awsGrantId))
    }
  }

  async function revoke(row: StoredGrant): Promise<Called> {
    const { id, attempts } = row
    try {
      const awsGrantId = row.awsGrantId ?? (await ourGrant(row))
      if (awsGrantId !== undefined) {
        await atBoundary('before delete')
        await pace.pass({ ...harmless, isUrgent: true }, () => deleteGrant(aws, awsGrantId))
        await atBoundary('after delete')
      } else if (row.isUnanswered && now - (row.revokingAt ?? now) <= listLagMs) {
        return { outcome: { id, state: 'revokeFailed', failure: notSeen } }
      }
      return { outcome: { id, state: 'revoked' } }
    } catch (error) {
      const failure = failureOf(error)
      return { outcome: { id, ...revokeFailed(failure, attempts, random) }, ...stopsOf(failure) }
    }
  }

  async function ourGrant(row: StoredGrant): Promise<string | undefined> {
    const found = await find(row)
    return found.is === 'ours' ? found.awsGrantId : undefined
  }

  async function create(creation: Creation): Promise<Called> {
    const { row } = creation
    if (creation.isUnsettled) {
      const settled = await settle(row)
      if (settled) return settled
    }
    try {
      await atBoundary('before create')
      const made = await pace.pass({ signal }, () => createGrant(aws, requestOf(creation)))
      await atBoundary('after create')
      if (made.grantScope !== printScope(row.scope)) return takeBack(row, made)
      return { outcome: { id: row.id, state: 'active', awsGrantId: made.awsGrantId } }
    } catch (error) {
      const failure = failureOf(error)
      if (failure.kind === 'lostAnswer' || failure.kind === 'alreadyExists') {
        return settleAfter(row, failure)
      }
      return { outcome: { id: row.id, ...createFailed(failure, row.attempts, random) }, ...stopsOf(failure) }
    }
  }

  function requestOf({ row, grant }: Creation) {
    const { grantee, permission, scope, intent } = row
    const isObject = scope.kind === 'object'
    return { locationId, grantee, permission, subPrefix: grant.subPrefix, isObject, marks: { tenantId, intent } }
  }

  /** After a call that may have made it: being told to stop does not turn "perhaps" into "never". */
  async function settleAfter(row: StoredGrant, failure: AwsFailure): Promise<Called> {
    try {
      return (await settle(row)) ?? unsettled(row, failure)
    } catch (error) {
      if (isOrderToStop(error)) return unsettled(row, failure)
      throw error
    }
  }

  /** Undefined: not there as far as can be seen. */
  async function settle(row: StoredGrant): Promise<Called | undefined> {
    try {
      const found = await find(row)
      if (found.is === 'ours') return { outcome: { id: row.id, state: 'active', awsGrantId: found.awsGrantId } }
      return found.is === 'foreign' ? { outcome: foreign(row) } : undefined
    } catch (error) {
      return unsettled(row, failureOf(error))
    }
  }

  async function settleUnwanted(row: StoredGrant): Promise<Called> {
    const settled = await settle(row)
    if (settled?.outcome.state === 'active' || settled?.outcome.state === 'creating') return settled
    const isOld = settled !== undefined || now - row.updatedAt > listLagMs
    // `intended`: certainly not in AWS, so the next plan drops it.
    if (isOld) return { outcome: { id: row.id, state: 'intended', isUnanswered: false } }
    return { outcome: { id: row.id, state: 'creating', failure: notSeen } }
  }

  /** Done or not: the row stays as it is, and is looked up again. */
  function unsettled(row: StoredGrant, failure: AwsFailure): Called {
    const { code, message: text } = failure
    const retry = retryInMs('lostAnswer', row.attempts, random)
    return {
      outcome: { id: row.id, state: 'creating', failure: { code, text, retryInMs: retry }, isUnanswered: true },
      ...stopsOf(failure),
    }
  }

  function foreign({ id, attempts, permission, grantee, scope }: StoredGrant): Outcome {
    const what = `${permission} for \`${grantee.identifier}\` on \`${printScope(scope)}\``
    const text = `a grant that Headgate did not make is in the way (${what}): remove it in AWS`
    const retry = retryInMs('alreadyExists', attempts, random)
    return { id, state: 'createFailed', failure: { code: 'foreign-grant', text, retryInMs: retry } }
  }

  /** AWS understood another scope than was meant: such a grant must not stay. */
  async function takeBack(row: StoredGrant, made: { awsGrantId: string; grantScope: string }): Promise<Called> {
    const { id, attempts } = row
    const text = `AWS made a grant on \`${made.grantScope}\` where \`${printScope(row.scope)}\` was meant`
    const failure = { code: 'scope-mismatch', text, retryInMs: retryInMs('refused', attempts, random) }
    try {
      await pace.pass({ ...harmless, isUrgent: true }, () => deleteGrant(aws, made.awsGrantId))
      return { outcome: { id, state: 'createFailed', failure } }
    } catch (error) {
      const message = isOrderToStop(error) ? 'told to stop before' : failureOf(error).message
      const again = { ...failure, text: `${text}; deleting it failed: ${message}`, retryInMs: 1000 }
      return { outcome: { id, state: 'revokeFailed', awsGrantId: made.awsGrantId, failure: again } }
    }
  }

  function isOrderToStop(error: unknown): boolean {
    return signal.aborted && error === signal.reason
  }

  return { revoke, create, settleUnwanted }
}

const notSeen = { code: 'not-seen', text: 'not seen in AWS so far; lists lag', retryInMs: 5000 }

function stopsOf({ kind }: AwsFailure): Pick<Called, 'stops'> {
  return kind === 'unreachable' || kind === 'quota' ? { stops: kind } : {}
}

/** Whatever else is thrown is no answer of AWS, and not the row's business. */
function failureOf(error: unknown): AwsFailure {
  if (error instanceof AwsFailure) return error
  throw error
}
