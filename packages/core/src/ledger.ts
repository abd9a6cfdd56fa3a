/**
 * Headgate's own record of every grant that it intended, made or removed: one integration's, as the plan reads it.
 *
 * A row is committed before the call that it speaks of, so whatever AWS holds of ours has a row here.
 */
import type { DataSourceId, Instant, UserId } from './facts.ts'
import type { Grantee, GrantPermission } from './grant.ts'
import type { Scope } from './scope.ts'

export type LedgerState =
  | 'intended'
  | 'creating'
  | 'active'
  | 'revoking'
  | 'revoked'
  | 'createFailed'
  | 'revokeFailed'
  | 'waitingForPrincipal'
  | 'abandoned'

/** Why an unwanted grant stays in AWS for now: the brake waits for a person, the mode takes nothing away. */
export type HeldBy = 'brake' | 'mode'

/** Headgate's own record of one grant that it intended, made or removed. */
export interface LedgerRow {
  /** Rises with age: the oldest row has the smallest. */
  readonly id: number
  readonly user: UserId
  readonly dataSource: DataSourceId
  readonly grantee: Grantee
  readonly scope: Scope
  readonly permission: GrantPermission
  /**
   * Not in AWS for certain: `intended` (never called), `createFailed` and `waitingForPrincipal` (AWS refused),
   * `revoked`, `abandoned`. A call whose answer was lost stays `creating` or `revoking` until a look-up settles it.
   */
  readonly state: LedgerState
  /** How often in a row the create, or since then the revocation, has failed. */
  readonly attempts: number
  /** For the failed and waiting states: not before. Absent: not again by itself. */
  readonly nextTryAt?: Instant
  readonly activeAt?: Instant
  readonly awsGrantId?: string
  readonly held?: HeldBy
  /** The brake held it, and a person let it go: it is not held again while it stays unwanted. */
  readonly isReleased?: boolean
  /** A create was never answered and may yet come true, whatever the calls after it said. */
  readonly isUnanswered?: boolean
}
