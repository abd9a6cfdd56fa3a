/**
 * What a listing of AWS says of the ledger: grant by grant, whether it is as we made it. Pure, and one grant at a time,
 * so that a hundred thousand need no more memory than one page of them.
 *
 * What changed a moment ago is not judged, since lists lag; a grant that the ledger knows, in whatever state, is never
 * foreign. `S3PrefixType` cannot be read back, so a difference in it cannot be seen.
 */
import type { Instant } from './facts.ts'
import type { Grantee } from './grant.ts'
import type { LedgerState } from './ledger.ts'
import { printScope, type Scope } from './scope.ts'

/** A grant as a listing shows it, in AWS's words: of anybody, for anybody. */
export interface ListedGrant {
  readonly id: string
  readonly locationId: string
  readonly grantee: { readonly type: string; readonly identifier: string }
  readonly permission: string
  readonly grantScope: string
}

/** What the ledger says of a grant with that id. */
export interface RecordedGrant {
  readonly state: LedgerState
  readonly grantee: Grantee
  readonly permission: string
  readonly scope: Scope
  readonly changedAt: Instant
}

/** Whom the listing is held against. */
export interface Comparison {
  /** The integration's location in AWS; undefined when it has none. */
  readonly locationId: string | undefined
  /** When the ledger was read. */
  readonly now: Instant
  readonly listLagMs: number
}

/** Lists may be this much older than what AWS holds (05). */
export const listLagMs = 2 * 60_000

export type Judgement =
  | { readonly is: 'equal' }
  /** `differs`: what AWS holds and what was meant, for people. */
  | { readonly is: 'changed'; readonly differs: string }
  /** Revoked long ago, and still there. */
  | { readonly is: 'orphan' }
  /** Too young, or being worked on. */
  | { readonly is: 'unjudged' }

/** A listed grant whose id the ledger has. */
export function judgeRecorded(listed: ListedGrant, row: RecordedGrant, comparison: Comparison): Judgement {
  if (isYoung(row, comparison)) return { is: 'unjudged' }
  if (row.state === 'revoked' || row.state === 'abandoned') return { is: 'orphan' }
  if (row.state !== 'active') return { is: 'unjudged' }
  const differs = differencesOf(listed, row, comparison)
  return differs === undefined ? { is: 'equal' } : { is: 'changed', differs }
}

/** What is known of the row that a grant's tag names. */
export type Marked = Pick<RecordedGrant, 'state' | 'changedAt'>

/**
 * A grant in our location whose id the ledger has not: by its tags.
 * @param mark `none`: no tag of ours; `lost`: one of ours that no row has
 */
export function judgeUnknown(
  mark: Marked | 'none' | 'lost',
  comparison: Comparison,
): 'foreign' | 'orphan' | 'unjudged' {
  if (mark === 'none') return 'foreign'
  if (mark === 'lost') return 'orphan'
  // Of a row that is not over: its call's answer is on its way, or will be looked up.
  const isOver = mark.state === 'revoked' || mark.state === 'abandoned'
  return isOver && !isYoung(mark, comparison) ? 'orphan' : 'unjudged'
}

/** Whether a row that no page of the listing showed should have been there. */
export function isMissing(row: Marked, comparison: Comparison): boolean {
  return row.state === 'active' && !isYoung(row, comparison)
}

function isYoung({ changedAt }: Pick<RecordedGrant, 'changedAt'>, { now, listLagMs: lag }: Comparison): boolean {
  return changedAt > now - lag
}

function differencesOf(listed: ListedGrant, row: RecordedGrant, { locationId }: Comparison): string | undefined {
  const pairs: readonly (readonly [what: string, there: string, meant: string | undefined])[] = [
    ['scope', listed.grantScope, printScope(row.scope)],
    ['permission', listed.permission, row.permission],
    ['grantee', `${listed.grantee.type} ${listed.grantee.identifier}`, `${row.grantee.type} ${row.grantee.identifier}`],
    ['location', listed.locationId, locationId],
  ]
  const different = pairs.filter(([, there, meant]) => there !== meant)
  if (different.length === 0) return undefined
  return different.map(([what, there, meant]) => `${what} \`${there}\` instead of \`${meant}\``).join(', ')
}
