/**
 * A review flow while it is designed; the text of it is what is kept, as of request forms. An unfinished one is written
 * as it stands: who is missing in it, the designer says, and the server takes no such flow. Pure.
 */
import {
  type CriterionDraft,
  noReview,
  type ReviewDraft,
  reviewDraftOf,
  reviewOf,
  writtenReview,
} from '../policies/review-draft.ts'

export type OutcomeDraft =
  | { readonly kind: 'approve'; readonly for: string }
  | { readonly kind: 'review'; readonly stages: ReviewDraft }

export interface RuleDraft {
  readonly if: string
  readonly outcome: OutcomeDraft
}

export interface FlowDraft {
  readonly rules: readonly RuleDraft[]
  readonly otherwise: OutcomeDraft
}

export const newRule: RuleDraft = { if: '', outcome: { kind: 'review', stages: noReview } }

/** Undefined where the text is no flow that can be shown. */
export function readFlow(text: string): FlowDraft | undefined {
  const flow = parsed(text)
  if (!isRecord(flow, ['rules', 'otherwise'])) return undefined
  const { rules = [], otherwise } = flow
  const last = outcomeOf(otherwise)
  if (!Array.isArray(rules) || last === undefined) return undefined
  const read = rules.map(ruleOf)
  return read.every(rule => rule !== undefined) ? { rules: read, otherwise: last } : undefined
}

export function printFlow({ rules, otherwise }: FlowDraft): string {
  const written = {
    // biome-ignore lint/suspicious/noThenProperty: it is what the API calls it, and nobody awaits a rule
    rules: rules.map(rule => ({ if: rule.if, then: writtenOutcome(rule.outcome) })),
    otherwise: writtenOutcome(otherwise),
  }
  return JSON.stringify(written, undefined, 2)
}

/** What is still to be filled in, in words; empty: it can be checked and stored. */
export function unfinished({ rules, otherwise }: FlowDraft): readonly string[] {
  return [
    ...rules.flatMap((rule, at) => [
      ...(rule.if.trim() === '' ? [`Rule ${at + 1} does not say yet when it holds.`] : []),
      ...(isFinished(rule.outcome) ? [] : [`Rule ${at + 1} does not say yet who decides.`]),
    ]),
    ...(isFinished(otherwise)
      ? []
      : [`What holds ${rules.length === 0 ? 'always' : 'otherwise'} does not say yet who decides.`]),
  ]
}

function isFinished(outcome: OutcomeDraft): boolean {
  return outcome.kind === 'approve' || reviewOf(outcome.stages) !== undefined
}

function writtenOutcome(outcome: OutcomeDraft): object {
  if (outcome.kind === 'review') return { review: writtenReview(outcome.stages) }
  return { approve: outcome.for.trim() === '' ? {} : { for: outcome.for.trim() } }
}

function ruleOf(rule: unknown): RuleDraft | undefined {
  if (!isRecord(rule, ['if', 'then']) || typeof rule.if !== 'string') return undefined
  const outcome = outcomeOf(rule.then)
  return outcome && { if: rule.if, outcome }
}

function outcomeOf(outcome: unknown): OutcomeDraft | undefined {
  if (isRecord(outcome, ['approve']) && isRecord(outcome.approve, ['for'])) {
    const { for: most = '' } = outcome.approve
    return typeof most === 'string' ? { kind: 'approve', for: most } : undefined
  }
  if (!isRecord(outcome, ['review']) || !isRecord(outcome.review, ['stages'])) return undefined
  const { stages } = outcome.review
  if (!Array.isArray(stages) || stages.length === 0 || !stages.every(isStage)) return undefined
  return { kind: 'review', stages: reviewDraftOf({ stages } as Parameters<typeof reviewDraftOf>[0]) }
}

function isStage(stage: unknown): boolean {
  const criteria = isRecord(stage, ['any']) ? stage.any : isRecord(stage, ['all']) ? stage.all : undefined
  return Array.isArray(criteria) && criteria.length > 0 && criteria.every(isCriterion)
}

const single: readonly Exclude<CriterionDraft['kind'], 'attribute' | 'domainRight'>[] = ['user', 'group', 'permission']

function isCriterion(criterion: unknown): boolean {
  if (single.some(kind => isRecord(criterion, [kind]) && typeof criterion[kind] === 'string')) return true
  if (isRecord(criterion, ['domainRight', 'domain'])) return areTexts(criterion, 'domainRight', 'domain')
  return (
    isRecord(criterion, ['attribute']) &&
    isRecord(criterion.attribute, ['key', 'value']) &&
    areTexts(criterion.attribute, 'key', 'value')
  )
}

/** The first has to be there. */
function areTexts(of: Record<string, unknown>, first: string, second: string): boolean {
  return typeof of[first] === 'string' && ['string', 'undefined'].includes(typeof of[second])
}

/** With those keys and no others. */
function isRecord(value: unknown, keys: readonly string[]): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).every(key => keys.includes(key))
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
