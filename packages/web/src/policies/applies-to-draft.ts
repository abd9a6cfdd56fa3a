/** What a policy applies to, as a form holds it: a list of conditions that may be unfinished. Pure. */
import type { PolicyInput } from '@headgate/core/api'

type AppliesToInput = NonNullable<PolicyInput['appliesTo']>
type ConditionInput = Extract<AppliesToInput, { any: unknown }>['any'][number]

export type ConditionKind = 'tag' | 'domain' | 'integration' | 'scope' | 'name'

export interface ConditionDraft {
  readonly kind: ConditionKind
  readonly value: string
}

export interface AppliesToDraft {
  readonly to: 'any' | 'all' | 'everything' | 'selected'
  readonly conditions: readonly ConditionDraft[]
}

export const noCondition: ConditionDraft = { kind: 'tag', value: '' }
export const nothingChosen: AppliesToDraft = { to: 'any', conditions: [noCondition] }

export function draftOf(appliesTo: AppliesToInput): AppliesToDraft {
  if ('everything' in appliesTo) return { to: 'everything', conditions: [noCondition] }
  if ('selected' in appliesTo) return { to: 'selected', conditions: [noCondition] }
  const [to, conditions] = 'any' in appliesTo ? (['any', appliesTo.any] as const) : (['all', appliesTo.all] as const)
  return { to, conditions: conditions.map(conditionDraftOf) }
}

/** Undefined while a condition is unfinished. */
export function appliesToOf({ to, conditions }: AppliesToDraft): AppliesToInput | undefined {
  if (to === 'everything') return { everything: true }
  if (to === 'selected') return { selected: true }
  if (conditions.length === 0 || conditions.some(({ value }) => value.trim() === '')) return undefined
  const written = conditions.map(({ kind, value }) => ({ [kind]: value.trim() }) as ConditionInput)
  return to === 'any' ? { any: written } : { all: written }
}

function conditionDraftOf(condition: ConditionInput): ConditionDraft {
  const [[kind, value]] = Object.entries(condition) as [[ConditionKind, string | number]]
  return { kind, value: String(value) }
}
