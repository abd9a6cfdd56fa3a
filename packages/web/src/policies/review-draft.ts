/** Who decides about requests, stage by stage, as a form holds it. Pure. */
import type { Policy, PolicyInput } from '@headgate/core/api'

type ReviewInput = Extract<PolicyInput['who'], { onRequest: unknown }>['onRequest']['review']
type ReviewShown = Extract<Policy['who'], { onRequest: unknown }>['onRequest']['review']
type Stage = ReviewInput['stages'][number]
export type Criterion = Extract<ReviewShown['stages'][number], { any: unknown }>['any'][number]

export type CriterionKind = 'group' | 'user' | 'permission' | 'domainRight' | 'attribute'

export interface CriterionDraft {
  readonly kind: CriterionKind
  /** Of an attribute its key. */
  readonly value: string
  /** Of an attribute its value, of a right its domain; empty: any value, the domain of what is asked for. */
  readonly of: string
}

export interface StageDraft {
  /** One approval by any of them, or one for each by different people. */
  readonly needs: 'any' | 'all'
  readonly criteria: readonly CriterionDraft[]
}

export type ReviewDraft = readonly StageDraft[]

export const noCriterion: CriterionDraft = { kind: 'group', value: '', of: '' }
export const noStage: StageDraft = { needs: 'any', criteria: [noCriterion] }
export const noReview: ReviewDraft = [noStage]

export function reviewDraftOf({ stages }: ReviewShown): ReviewDraft {
  return stages.map(stage => {
    const [needs, criteria] = 'any' in stage ? (['any', stage.any] as const) : (['all', stage.all] as const)
    return { needs, criteria: criteria.map(criterionDraftOf) }
  })
}

/** Undefined while a criterion is unfinished. */
export function reviewOf(stages: ReviewDraft): ReviewInput | undefined {
  const isUnfinished = stages.some(
    ({ criteria }) => criteria.length === 0 || criteria.some(({ value }) => value.trim() === ''),
  )
  return stages.length === 0 || isUnfinished ? undefined : writtenReview(stages)
}

/** As it stands, whether it is finished or not. */
export function writtenReview(stages: ReviewDraft): ReviewInput {
  return {
    stages: stages.map(({ needs, criteria }) => {
      const written = criteria.map(criterionOf)
      return (needs === 'any' ? { any: written } : { all: written }) as Stage
    }),
  }
}

function criterionOf({ kind, value, of }: CriterionDraft): object {
  if (kind === 'attribute') return { attribute: { key: value, ...(of !== '' && { value: of }) } }
  return { [kind]: value, ...(kind === 'domainRight' && of !== '' && { domain: of }) }
}

function criterionDraftOf(criterion: Criterion): CriterionDraft {
  if ('attribute' in criterion) {
    const { key, value = '' } = criterion.attribute
    return { kind: 'attribute', value: key, of: value }
  }
  if ('domainRight' in criterion)
    return { kind: 'domainRight', value: criterion.domainRight, of: criterion.domain ?? '' }
  if ('permission' in criterion) return { kind: 'permission', value: criterion.permission, of: '' }
  return 'user' in criterion
    ? { kind: 'user', value: criterion.user, of: '' }
    : { kind: 'group', value: criterion.group, of: '' }
}
