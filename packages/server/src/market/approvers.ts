/**
 * Who may decide about a request, now: whoever meets a criterion of the open stage and has no part in the matter.
 *
 * Never decides: the requester, the beneficiary, the last editor of the flow, whoever is known to be able to assume the
 * beneficiary's role, and who is disabled; nor anybody by a way in that one of these opened for them. Asked again at every
 * decision, in its own transaction, so that nobody decides by what they were when the stage opened.
 */
import {
  type Criterion,
  canComplete,
  criteriaOf,
  openStage,
  type Refusal,
  type Review,
  refusalOf,
  type Stage,
  type UserId,
} from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { holdsAny } from '../access/allow.ts'
import type { Tx } from '../db/act.ts'
import { countWhoMeet, criteriaMet, type Somebody, type Whom, whoMeets } from '../db/approver.ts'
import { type Caller, whoCalls } from '../http/serve.ts'
import { whoAssumes } from './role-holders.ts'

export interface ReviewAbout {
  readonly requester: number
  /** Who opened the way by which it was made, and so may have made it; null: nobody. */
  readonly openedBy?: number | null
  readonly beneficiary: number
  /** Who made the version of the flow that is followed; null: Headgate itself. */
  readonly flowEditor: number | null
  /** Of what is asked for: of the product, or of the data source. */
  readonly domains: readonly string[]
}

export type WhyExcluded = 'requester' | 'opener' | 'beneficiary' | 'flowEditor' | 'assumesRole'

/** By person: why they may never decide it. @param assume for whoever looks at many */
export async function excludedFrom(
  tx: Tx,
  about: ReviewAbout,
  assume = whoAssumes,
): Promise<ReadonlyMap<number, WhyExcluded>> {
  const assuming = [...(await assume(tx, about.beneficiary))]
  return new Map<number, WhyExcluded>([
    ...assuming.map(id => [id, 'assumesRole'] as const),
    ...(about.flowEditor === null ? [] : [[about.flowEditor, 'flowEditor'] as const]),
    ...(about.openedBy == null ? [] : [[about.openedBy, 'opener'] as const]),
    [about.beneficiary, 'beneficiary'],
    [about.requester, 'requester'],
  ])
}

/** The ids of everybody who meets a criterion and may decide. */
export async function approversOf(tx: Tx, criterion: Criterion, about: ReviewAbout): Promise<number[]> {
  const found = await whoMeets(tx, criterion, await whomOf(tx, about))
  return found.map(({ id }) => id)
}

export interface Deciders {
  /** Those whose approval would count now, by user name: all of them, or as many as were asked for. */
  readonly people: readonly Somebody[]
  /** The stage cannot be completed by anybody who is there: GOVERNANCE is to be told. */
  readonly stuck: boolean
}

/** Who can take the open stage further, for lists and reminders; nobody once it is over. */
export async function decidersOf(
  tx: Tx,
  review: Review,
  about: ReviewAbout,
  { limit }: { readonly limit?: number } = {},
): Promise<Deciders> {
  const stage = openStage(review)
  if (!stage) return { people: [], stuck: false }
  const criteria = criteriaOf(stage)
  // Whoever meets one of these adds something, and nobody else does.
  const wanted = criteria.filter((_, at) => !refusalOf(review, nobodyYet, 'approve', [at]))
  const decided = review.decisions.filter(({ stage }) => stage === review.stage).map(({ by }) => Number(by))
  const whom = await whomOf(tx, about, decided)
  // For each criterion as many as there are criteria will do: whoever else is taken, one of them is free.
  const least = criteria.length
  const atMost = limit === undefined ? undefined : Math.max(limit, least)
  const lists: (readonly Somebody[])[] = []
  for (const criterion of wanted) lists.push(await whoMeets(tx, criterion, whom, atMost))
  const some = new Set(lists.flatMap(list => list.slice(0, least).map(({ id }) => id)))
  const met = await criteriaMet(tx, criteria, about, [...some])
  const people = byUserid(lists.flat())
  return {
    people: limit === undefined ? people : people.slice(0, limit),
    stuck: !canComplete(review, [...met.values()]),
  }
}

/** Of nobody: what a criterion would be worth to somebody who has not decided yet. */
const nobodyYet = 0 as UserId

/** Whether nobody who is there could complete this stage, were it open. */
export async function isStuck(tx: Tx, stage: Stage, about: ReviewAbout): Promise<boolean> {
  const review: Review = { stages: [stage], stage: 0, status: 'open', decisions: [] }
  return (await decidersOf(tx, review, about, { limit: 1 })).stuck
}

/** For each criterion of a stage, how many could decide by it, and the first of them. */
export async function countDeciders(
  tx: Tx,
  stage: Stage,
  about: ReviewAbout,
  some: number,
): Promise<{ readonly criterion: Criterion; readonly count: number; readonly some: readonly Somebody[] }[]> {
  const whom = await whomOf(tx, about)
  const found: Awaited<ReturnType<typeof countDeciders>> = []
  for (const criterion of criteriaOf(stage)) {
    const count = await countWhoMeet(tx, criterion, whom)
    found.push({ criterion, count, some: count === 0 ? [] : await whoMeets(tx, criterion, whom, some) })
  }
  return found
}

/**
 * The criteria of the open stage that make the caller eligible to decide this, to be recorded with the decision.
 * @throws Problem `decision-not-yours`, which says why
 */
export async function requireDecider(
  tx: Tx,
  caller: Caller,
  review: Review,
  about: ReviewAbout,
  verdict: 'approve' | 'deny',
): Promise<readonly number[]> {
  const criteria = await criteriaMetBy(tx, caller, review, about)
  const refusal = 'why' in criteria ? criteria.why : refusalOf(review, caller.id as UserId, verdict, criteria.met)
  if (refusal) throw new Problem('decision-not-yours', { reason: reasons[refusal], why: refusal })
  return 'met' in criteria ? criteria.met : []
}

/** Which criteria of the open stage the caller meets, by what this very call may do; or why that does not matter. */
export async function criteriaMetBy(
  tx: Tx,
  caller: Caller,
  review: Review,
  about: ReviewAbout,
): Promise<{ readonly met: readonly number[] } | { readonly why: WhyExcluded }> {
  const why = whyNever(caller, await excludedFrom(tx, about))
  if (why) return { why }
  return { met: await openCriteriaMet(tx, caller, openStage(review), about.domains) }
}

/** Whoever opened the way in that is used may be the one who uses it. */
export function whyNever(
  caller: Pick<Caller, 'id' | 'openedBy'>,
  excluded: ReadonlyMap<number, WhyExcluded>,
): WhyExcluded | undefined {
  return whoCalls(caller).flatMap(id => excluded.get(id) ?? [])[0]
}

/** The same, whoever they are to the request. */
export async function openCriteriaMet(
  tx: Tx,
  caller: Caller,
  stage: Stage | undefined,
  domains: readonly string[],
): Promise<readonly number[]> {
  const criteria = stage ? criteriaOf(stage) : []
  const met = (await criteriaMet(tx, criteria, { domains }, [caller.id])).get(caller.id) ?? []
  return met.filter(at => carries(caller, criteria[at]))
}

const reasons: Readonly<Record<WhyExcluded | Refusal, string>> = {
  requester: 'you made it',
  opener: 'you opened the way in by which it was made',
  beneficiary: 'it is for you',
  flowEditor: 'you were the last to edit its review flow',
  assumesRole: 'it is for a role that you can assume',
  over: 'it is decided already',
  'meets-none': 'the stage that is open is for others',
  'decided-already': 'you decided in this stage already, and a decision stays',
  'adds-nothing': 'others approved already for all that you could approve for; you may still deny',
}

/**
 * A key that was narrowed to permissions decides by these alone: no list of permissions names a group, an attribute or
 * a right in a domain.
 */
export function carries(caller: Caller, criterion: Criterion | undefined): boolean {
  if (criterion && 'permission' in criterion) return holdsAny(caller, [criterion.permission])
  return !caller.keyIsNarrowed
}

async function whomOf(tx: Tx, about: ReviewAbout, besides: readonly number[] = []): Promise<Whom> {
  return { domains: about.domains, except: [...(await excludedFrom(tx, about)).keys(), ...besides] }
}

/** Each once. */
function byUserid(people: readonly Somebody[]): Somebody[] {
  const each = new Map(people.map(one => [one.id, one]))
  return [...each.values()].sort((a, b) => (a.userid < b.userid ? -1 : a.userid > b.userid ? 1 : 0))
}
