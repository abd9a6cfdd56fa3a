/**
 * What keeps a plan from doing all that it could: the integration's mode, and its brake (05).
 *
 * Says which unwanted grants stay in AWS for now, and what is not created beside them. Takes nothing from anybody
 * itself: a row that another grant in AWS makes redundant is free to go in every mode but `observe`, held or not.
 */
import { type DesiredGrant, type Grantee, type GrantPermission, granteeKey, grantKey } from './grant.ts'
import type { HeldBy, LedgerRow } from './ledger.ts'
import type { Scope } from './scope.ts'
import { type ScopeIndex, scopeIndex } from './scope-index.ts'

/** `observe` carries out nothing, `add` takes no access away, `enforce` does both. */
export type Mode = 'observe' | 'add' | 'enforce'

export interface Restraint<Row extends LedgerRow> {
  readonly mode: Mode
  /** How many counted revocations the brake lets through now. */
  readonly room: number
  /** Whether the brake counts the revocation of this row. */
  readonly isCounted: (row: Row) => boolean
  /** Nothing is created for now, so no revocation waits for a create. */
  readonly createsNothing?: boolean
}

/** Nothing is held. */
export const unrestrained: Restraint<LedgerRow> = {
  mode: 'enforce',
  room: Number.POSITIVE_INFINITY,
  isCounted: () => false,
}

/**
 * Judges unwanted rows that are free to be revoked, one by one, oldest first: who holds each, if anybody. Each row let
 * through takes its place, so it must be asked once for each.
 */
export function judgeOf<Row extends LedgerRow>({
  mode,
  room,
  isCounted,
}: Restraint<Row>): (row: Row) => HeldBy | undefined {
  let left = room
  return row => {
    if (mode !== 'enforce') return row.held === 'brake' ? 'brake' : 'mode'
    if (row.isReleased || !isCounted(row)) return undefined
    // What the brake holds waits for a person, however long ago the hour was over.
    if (row.held === 'brake' || left <= 0) return 'brake'
    left -= 1
    return undefined
  }
}

/** Whether another grant that is in AWS and stays there gives all that this row does. */
export function redundancyOf<Row extends LedgerRow>(
  inAws: readonly DesiredGrant[],
): (row: Pick<Row, 'grantee' | 'scope' | 'permission'>) => boolean {
  const at = placesOf(inAws)
  return row => at(row).some(grant => grantKey(grant) !== grantKey(row) && gives(grant.permission, row.permission))
}

/**
 * For a desired grant: the row that stays and with which it must not be beside, if any. Not the same grant twice, and
 * no READ under a READWRITE: AWS documents no order between them.
 */
export function inTheWayOf<Row extends LedgerRow>(staying: readonly Row[]): (grant: DesiredGrant) => Row | undefined {
  const at = placesOf(staying)
  return grant =>
    at(grant).find(
      row => grantKey(row) === grantKey(grant) || (row.permission === 'READWRITE' && grant.permission === 'READ'),
    )
}

interface Place {
  readonly grantee: Grantee
  readonly scope: Scope
}

/** For a place: those of the same grantee that cover it or are the very same. */
function placesOf<One extends Place>(all: readonly One[]): (place: Place) => readonly One[] {
  // Most plans never ask.
  let byGrantee: Map<string, One[]> | undefined
  const indexes = new Map<string, ScopeIndex<One>>()
  return ({ grantee, scope }) => {
    const key = granteeKey(grantee)
    byGrantee ??= Map.groupBy(all, one => granteeKey(one.grantee))
    const some = byGrantee.get(key)
    if (!some) return []
    const index = indexes.get(key) ?? scopeIndex(some, one => one.scope)
    indexes.set(key, index)
    return index.coveredBy(scope)
  }
}

function gives(permission: GrantPermission, needed: GrantPermission): boolean {
  return permission === 'READWRITE' || needed === 'READ'
}
