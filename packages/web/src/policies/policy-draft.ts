/** A policy as its form holds it, complete or not, and what of it is sent. Pure. */
import type { Policy, PolicyInput } from '@headgate/core/api'
import { type AppliesToDraft, appliesToOf, draftOf, nothingChosen } from './applies-to-draft.ts'
import { noReview, type ReviewDraft, reviewDraftOf, reviewOf } from './review-draft.ts'

export interface PolicyDraft {
  readonly name: string
  readonly description: string
  readonly kind: Policy['kind']
  readonly level: Policy['level']
  readonly reach: 'global' | 'domain' | 'dataSource'
  /** Of the reach: the name of the domain, or the number of the data source. */
  readonly place: string
  readonly appliesTo: AppliesToDraft
  readonly who: 'when' | 'everyone' | 'onRequest'
  readonly when: string
  readonly review: ReviewDraft
  readonly subscribe: Policy['subscribe']
  readonly discoverable: boolean
}

export type PolicyContent = Omit<PolicyInput, 'state' | 'acknowledge'>

export const emptyDraft: PolicyDraft = {
  name: '',
  description: '',
  kind: 'grant',
  level: 'READ',
  reach: 'global',
  place: '',
  appliesTo: nothingChosen,
  who: 'when',
  when: '',
  review: noReview,
  subscribe: 'automatic',
  discoverable: false,
}

export function draftOfPolicy(policy: Policy): PolicyDraft {
  const { name, description, kind, level, domain, dataSource, appliesTo, who, subscribe, discoverable } = policy
  return {
    name,
    description,
    kind,
    level,
    reach: domain !== undefined ? 'domain' : dataSource !== undefined ? 'dataSource' : 'global',
    place: domain ?? (dataSource === undefined ? '' : String(dataSource.id)),
    appliesTo: draftOf(appliesTo),
    who: 'when' in who ? 'when' : 'everyone' in who ? 'everyone' : 'onRequest',
    when: 'when' in who ? who.when : '',
    review: 'onRequest' in who ? reviewDraftOf(who.onRequest.review) : noReview,
    subscribe,
    discoverable,
  }
}

/** What is missing that every policy has, as it goes into a sentence. */
export function gapsOf(draft: PolicyDraft): readonly string[] {
  const { name, reach, place, who, kind } = draft
  return [
    ...(name.trim() === '' ? ['its name'] : []),
    ...(reach === 'domain' && place === '' ? ['which domain'] : []),
    ...(reach === 'dataSource' && place.trim() === '' ? ['which data source'] : []),
    ...(reach !== 'dataSource' && appliesToOf(draft.appliesTo) === undefined ? ['what it applies to'] : []),
    ...(whoOf(draft) === undefined ? [kind === 'grant' && who === 'onRequest' ? 'who decides' : whoWords[kind]] : []),
  ]
}

const whoWords = { grant: 'who is let in', guardrail: 'what everyone must meet' } as const

/** Undefined while something of that is missing. Nobody is ever let in by leaving something out. */
export function contentOf(draft: PolicyDraft): PolicyContent | undefined {
  const { name, description, kind, level, reach, place, subscribe, discoverable } = draft
  const who = whoOf(draft)
  const appliesTo = appliesToOf(draft.appliesTo)
  if (gapsOf(draft).length > 0 || who === undefined) return undefined
  return {
    name,
    description,
    kind,
    level,
    who,
    ...(reach === 'domain' && { domain: place }),
    // Of one data source it applies to all of its reach, and says nothing of it.
    ...(reach === 'dataSource' ? { dataSource: place } : { appliesTo }),
    ...(kind === 'grant' && { subscribe, discoverable }),
  }
}

function whoOf({ kind, who, when, review }: PolicyDraft): PolicyContent['who'] | undefined {
  if (kind === 'guardrail' || who === 'when') return when.trim() === '' ? undefined : { when }
  if (who === 'everyone') return { everyone: true }
  const written = reviewOf(review)
  return written && { onRequest: { review: written } }
}
