/**
 * A review as it goes on: stages in order, decisions one by one, until it is approved or denied.
 *
 * Pure data: each decision makes a new state and changes none. A decision is never taken back or edited. Whether
 * somebody may decide at all (not the requester, say) and which criteria they meet, is found out by the caller at that
 * moment and recorded here.
 */
import type { Instant, UserId } from '../facts.ts'
import { approvedFor, criteriaOf, type Stage } from '../review-flow.ts'
import { largestMatching } from './matching.ts'

export interface Decision {
  /** From 0. */
  readonly stage: number
  readonly by: UserId
  readonly verdict: 'approve' | 'deny'
  /** Places in the stage (from 0) of every criterion that they met then: what made them eligible. */
  readonly criteria: readonly number[]
  readonly reason?: string | undefined
  /** For no longer than that; null: without an end, absent: as was asked for. */
  readonly forMs?: number | null | undefined
  readonly at: Instant
}

export interface Review {
  /** As they were when it began. */
  readonly stages: readonly Stage[]
  /** What was asked for; absent: without an end. */
  readonly askedMs?: number | undefined
  /** The open stage, or the one in which it ended; from 0. */
  readonly stage: number
  readonly status: 'open' | 'approved' | 'denied'
  /** In their order. */
  readonly decisions: readonly Decision[]
  /** Once approved: for how long, at the shortest of what was decided; absent: without an end. */
  readonly approvedMs?: number | undefined
}

export type Refusal =
  /** The review is over. */
  | 'over'
  /** They meet none of the open stage's criteria. */
  | 'meets-none'
  /** Nobody decides twice in one stage. */
  | 'decided-already'
  /** Others approved already for all that they could approve for; they could still deny. */
  | 'adds-nothing'

/** @throws RangeError without a stage: nothing is not approved */
export function openReview(stages: readonly Stage[], askedMs?: number): Review {
  if (stages.length === 0) throw new RangeError('a review needs at least one stage')
  return { stages, askedMs, stage: 0, status: 'open', decisions: [] }
}

export type Decided = { readonly review: Review } | { readonly refusal: Refusal }

export function decide(review: Review, given: Omit<Decision, 'stage'>): Decided {
  const refusal = refusalOf(review, given.by, given.verdict, given.criteria)
  if (refusal) return { refusal }
  const decisions = [...review.decisions, { ...given, stage: review.stage }]
  const next = { ...review, decisions }
  if (given.verdict === 'deny') return { review: { ...next, status: 'denied' } }
  if (!isComplete(next)) return { review: next }
  if (review.stage + 1 < review.stages.length) return { review: { ...next, stage: review.stage + 1 } }
  return { review: { ...next, status: 'approved', approvedMs: shortestOf(next) } }
}

/** What somebody who meets these criteria of the open stage could not do; undefined: they may. */
export function refusalOf(
  review: Review,
  by: UserId,
  verdict: Decision['verdict'],
  criteria: readonly number[],
): Refusal | undefined {
  if (review.status !== 'open') return 'over'
  const stage = openStage(review)
  if (stage === undefined || !criteria.some(one => criteriaOf(stage)[one])) return 'meets-none'
  const approvals = approvalsIn(review)
  if (approvals.some(one => one.by === by)) return 'decided-already'
  if (verdict === 'deny' || 'any' in stage) return undefined
  const with_ = largestMatching([...approvals.map(one => one.criteria), criteria])
  return with_.size > approvals.length ? undefined : 'adds-nothing'
}

/** The stage that waits for decisions; undefined once it is over. */
export function openStage({ status, stages, stage }: Review): Stage | undefined {
  return status === 'open' ? stages[stage] : undefined
}

/**
 * Whether the open stage can still be completed by these people, given as the criteria that each of them meets. Those
 * who decided already need not be among them.
 */
export function canComplete(review: Review, people: readonly (readonly number[])[]): boolean {
  const stage = openStage(review)
  if (stage === undefined) return true
  if ('any' in stage) return people.some(criteria => criteria.length > 0)
  const taken = approvalsIn(review).map(one => one.criteria)
  return largestMatching([...taken, ...people]).size === stage.all.length
}

/** Of a stage of `all`: whose approval stands for which criterion; it may move as others decide. */
export function metBy(review: Review): ReadonlyMap<number, UserId> {
  const approvals = approvalsIn(review)
  const matching = largestMatching(approvals.map(one => one.criteria))
  return new Map(Array.from(matching, ([criterion, at]) => [criterion, approvals[at]!.by]))
}

function isComplete(review: Review): boolean {
  const stage = review.stages[review.stage]!
  // Each approval was let in because it adds one.
  return approvalsIn(review).length >= ('any' in stage ? 1 : stage.all.length)
}

function approvalsIn({ decisions, stage }: Review): Decision[] {
  return decisions.filter(one => one.stage === stage && one.verdict === 'approve')
}

function shortestOf({ decisions, askedMs }: Review): number | undefined {
  const each = decisions.map(({ forMs }) => (forMs === undefined ? askedMs : (forMs ?? undefined)))
  return approvedFor(undefined, each)
}
