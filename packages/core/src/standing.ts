/**
 * Who has which level on a data source, and by which reasons: the formulas of 04 said once, over sets of people.
 *
 * Grant policies and members combine with OR and let people in; guardrails combine with AND, let nobody in and beat
 * everything. Asked for everybody or for a few people alike.
 */
import type { Binding } from './binding-table.ts'
import type { OwnReason } from './entitlement.ts'
import type { Member } from './facts.ts'
import type { Formula } from './formula.ts'
import {
  anyAndEvery,
  difference,
  hasPerson,
  intersection,
  nobody,
  numbersOf,
  type PeopleSet,
  peopleSetOf,
  union,
  unionOf,
} from './people-set.ts'

export interface Standing {
  /** Everybody with any access. */
  readonly read: PeopleSet
  /** Those of them who may write. */
  readonly write: PeopleSet
  /** Policies before members, then by id: whom each lets in, whatever the guardrails say. */
  readonly reasons: readonly LettingIn[]
}

export interface LettingIn {
  readonly reason: OwnReason
  readonly people: PeopleSet
  /** Where each of them has reasons of their own, which stand instead. */
  readonly detail?: Detail | undefined
}

/** The reasons of the person with that number, by id. */
export type Detail = (number: number) => readonly OwnReason[]

export const noStanding: Standing = { read: nobody, write: nobody, reasons: [] }

/** `onTop` are the offers taken up and the members that apply; both they and `ask` speak of the same enabled people. */
export function standingOf(
  binding: Binding | undefined,
  onTop: readonly LettingIn[],
  ask: (formula: Formula) => PeopleSet,
): Standing {
  if (!binding) return noStanding
  const granted = binding.grants.map(
    ({ reason, formula, detail }): LettingIn => ({ reason, people: ask(formula), detail }),
  )
  if (onTop.length > 0) granted.push(...onTop)
  const reasons = binding.offers.length > 0 ? policiesFirst(granted) : granted
  const letIn: PeopleSet[] = []
  const writing: PeopleSet[] = []
  for (const { reason, people } of reasons) {
    if (people.size === 0) continue
    letIn.push(people)
    if (reason.level === 'WRITE') writing.push(people)
  }
  // Asking every guardrail about people whom nothing lets in would be in vain.
  if (letIn.length === 0) return { ...noStanding, reasons }
  const forRead = binding.guards.READ.map(ask)
  const read = anyAndEvery(letIn, forRead)
  const write =
    read.size > 0 && writing.length > 0 ? anyAndEvery(writing, [read, ...binding.guards.WRITE.map(ask)]) : nobody
  return { read, write, reasons }
}

/** Policies before members, policies by id. */
function policiesFirst(reasons: LettingIn[]): LettingIn[] {
  const place = ({ reason }: LettingIn) => (reason.kind === 'policy' ? reason.id : Number.POSITIVE_INFINITY)
  return reasons.sort((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)))
}

export function memberReason({ id, level, until, subject }: Member): OwnReason {
  const ends = until === undefined ? {} : { until }
  return { kind: 'member', id, level, ...ends, ...('group' in subject ? { via: { group: subject.group } } : {}) }
}

export function becauseOf({ reasons }: Standing, number: number): OwnReason[] {
  const found: OwnReason[] = []
  const own: OwnReason[] = []
  for (const { reason, people, detail } of reasons) {
    if (!hasPerson(people, number)) continue
    if (detail) own.push(...detail(number))
    else found.push(reason)
  }
  return own.length === 0 ? found : inOrder([...found, ...own])
}

/** Policies before members before memberships; only the last ones may come out of order. */
export function inOrder(reasons: OwnReason[]): OwnReason[] {
  const place = ({ kind, id }: OwnReason) => (kind === 'membership' ? id : -1)
  return reasons.sort((a, b) => place(a) - place(b))
}

/** The same, whatever becomes of the reasons of these people. */
export function fixedFor(people: PeopleSet, standing: Standing): Standing {
  if (!standing.reasons.some(({ detail }) => detail)) return standing
  const reasons = standing.reasons.map(one => {
    const { detail } = one
    if (!detail) return one
    const known = new Map(Array.from(numbersOf(people), number => [number, detail(number)] as const))
    return { ...one, detail: (number: number) => known.get(number) ?? [] }
  })
  return { ...standing, reasons }
}

/** The people with access before and after, at the same level, for whom some reason came or went. */
export function reasonsChanged(before: Standing, after: Standing): PeopleSet {
  const stayed = difference(
    intersection(before.read, after.read),
    union(difference(before.write, after.write), difference(after.write, before.write)),
  )
  if (stayed.size === 0) return nobody
  return intersection(stayed, unionOf(movedBetween(before.reasons, after.reasons)))
}

function movedBetween(before: readonly LettingIn[], after: readonly LettingIn[]): PeopleSet[] {
  const moved: PeopleSet[] = []
  function exchange(one: LettingIn | undefined, other: LettingIn): void {
    const [was, is] = [one?.people ?? nobody, other.people]
    if (was !== is) moved.push(difference(was, is), difference(is, was))
    if (one?.detail !== other.detail) moved.push(otherwise(intersection(was, is), one?.detail, other.detail))
  }
  // Mostly the same reasons in the same order, but for one that comes or goes: nothing to be looked up.
  let [first, fromEnd] = [0, 0]
  const shared = Math.min(before.length, after.length)
  while (first < shared && before[first]!.reason === after[first]!.reason) {
    exchange(before[first]!, after[first]!)
    first++
  }
  while (fromEnd < shared - first && before.at(-1 - fromEnd)!.reason === after.at(-1 - fromEnd)!.reason) {
    exchange(before.at(-1 - fromEnd)!, after.at(-1 - fromEnd)!)
    fromEnd++
  }
  // As good as always nothing is left on one side at least.
  if (first + fromEnd === shared) {
    const longer = before.length > shared ? before : after
    for (let at = first; at < longer.length - fromEnd; at++) moved.push(longer[at]!.people)
    return moved
  }
  const rest = before.slice(first, before.length - fromEnd)
  const gone = new Map(rest.map(one => [reasonKey(one.reason), one]))
  for (const one of after.slice(first, after.length - fromEnd)) {
    const key = reasonKey(one.reason)
    exchange(gone.get(key), one)
    gone.delete(key)
  }
  return [...moved, ...Array.from(gone.values(), ({ people }) => people)]
}

/** Those of them whose own reasons are others. */
function otherwise(people: PeopleSet, was: Detail | undefined, is: Detail | undefined): PeopleSet {
  const texts = (detail: Detail | undefined, number: number) => (detail?.(number) ?? []).map(reasonKey).join()
  return peopleSetOf(Array.from(numbersOf(people)).filter(number => texts(was, number) !== texts(is, number)))
}

function reasonKey(reason: OwnReason): string {
  if (reason.kind === 'policy') return `policy ${reason.id} ${reason.version} ${reason.level}`
  if (reason.kind === 'membership')
    return `membership ${reason.id} ${reason.level} ${reason.until} ${reason.via.product}`
  return `member ${reason.id} ${reason.level} ${reason.until} ${reason.via?.group}`
}
