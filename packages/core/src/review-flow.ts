/**
 * Who decides about a request (06): the first rule that holds says whether it is approved at once or reviewed, in which
 * stages and by whom.
 *
 * Pure: who meets a criterion is the caller's to know. Fails closed: a flow that cannot be read decides nothing. How a
 * review goes on from there: `review/review.ts`.
 */
import type { DomainRight } from './api/domains.ts'
import type { Permission } from './api/endpoint.ts'
import { parseDuration } from './duration.ts'
import type { Level, PrincipalKind } from './facts.ts'
import { parseIn } from './policy/parse.ts'
import { type Asked, holdsFor } from './review/condition.ts'

/** Somebody who may decide. A name stays a name: who bears it when it comes to deciding, counts. */
export type Criterion =
  | { readonly user: string }
  | { readonly group: string }
  | { readonly permission: Permission }
  /** In the domain named, else in a domain of what is asked for. */
  | { readonly domainRight: DomainRight; readonly domain?: string }
  /** That value or a parent of it; without one, any under the key. */
  | { readonly attribute: { readonly key: string; readonly value?: string } }

/** `any`: one approval by whoever meets any of them. `all`: each of them met, every one by a different person. */
export type Stage = { readonly any: readonly Criterion[] } | { readonly all: readonly Criterion[] }

export type Outcome =
  /** At once, for no longer than that; a duration such as `30d`. */
  | { readonly approve: { readonly for?: string } }
  /** In order. */
  | { readonly review: { readonly stages: readonly Stage[] } }

export interface Rule {
  /** In the language of policies, about the beneficiary and what was asked for. */
  readonly if: string
  readonly then: Outcome
}

/** As people write it. */
export interface ReviewFlow {
  readonly rules: readonly Rule[]
  readonly otherwise: Outcome
}

/** What a rule may look at: of the beneficiary as the directory knows them, and what was asked for. */
export interface RequestAbout {
  readonly userid: string
  /** `All Users` need not be among them. */
  readonly groups: readonly string[]
  /** Their own and their groups'. */
  readonly attributes: readonly { readonly key: string; readonly value: string }[]
  readonly principalKinds: readonly PrincipalKind[]
  readonly level: Level
  /** Absent: without an end. */
  readonly durationMs?: number | undefined
}

export interface Match {
  /** From 0; `otherwise` where none holds. */
  readonly rule: number | 'otherwise'
  readonly outcome: Outcome
}

/**
 * The first rule that holds, else `otherwise`.
 * @throws TypeError on a flow that `checkFlow` finds fault with, before any rule counts
 */
export function firstMatch(flow: ReviewFlow, about: RequestAbout): Match {
  return readFlow(flow)(about)
}

/** The same of many requests: its conditions are read once. Throws as `firstMatch`, before it is asked anything. */
export function readFlow(flow: ReviewFlow): (about: RequestAbout) => Match {
  const conditions = flow.rules.map(({ if: text }) => readCondition(text))
  return about => {
    const asked = askedOf(about)
    const rule = conditions.findIndex(condition => holdsFor(condition, asked))
    return rule === -1 ? { rule: 'otherwise', outcome: flow.otherwise } : { rule, outcome: flow.rules[rule]!.then }
  }
}

/** How long access may last that was asked for that long and approved under these limits; undefined: without an end. */
export function approvedFor(
  askedMs: number | undefined,
  limits: readonly (number | undefined)[] = [],
): number | undefined {
  const ends = [askedMs, ...limits].filter(ms => ms !== undefined)
  return ends.length === 0 ? undefined : Math.min(...ends)
}

/** For how long an outcome that approves at once does so: no longer than was asked for. */
export function autoApprovedFor(
  { for: limit }: { readonly for?: string | undefined },
  askedMs: number | undefined,
): number | undefined {
  return approvedFor(askedMs, [limit === undefined ? undefined : parseDuration(limit)])
}

export function criteriaOf(stage: Stage): readonly Criterion[] {
  return 'any' in stage ? stage.any : stage.all
}

export function stagesOf(outcome: Outcome): readonly Stage[] {
  return 'review' in outcome ? outcome.review.stages : []
}

/** A criterion as people say it, e.g. `group Stewards`. */
export function printCriterion(criterion: Criterion): string {
  if ('user' in criterion) return `user \`${criterion.user}\``
  if ('group' in criterion) return `group \`${criterion.group}\``
  if ('permission' in criterion) return criterion.permission
  if ('domainRight' in criterion) {
    return `${criterion.domainRight} in ${criterion.domain === undefined ? 'its domain' : `domain \`${criterion.domain}\``}`
  }
  const { key, value } = criterion.attribute
  return value === undefined ? `attribute \`${key}\`` : `attribute \`${key}\`: \`${value}\``
}

function readCondition(text: string) {
  const parsed = parseIn('flow', text)
  if (parsed.ok) return parsed.expression
  throw new TypeError(`a review flow with errors decides nothing: ${parsed.errors[0]?.message}`)
}

function askedOf({ groups, principalKinds, durationMs, ...about }: RequestAbout): Asked {
  return { ...about, groups: new Set(groups), principalKinds: new Set(principalKinds), durationMs }
}
