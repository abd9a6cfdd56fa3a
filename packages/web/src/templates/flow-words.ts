/** Review flows as people say them. */
import { type CriterionDraft, noCriterion, type StageDraft } from '../policies/review-draft.ts'
import { durationWords, permissionWords } from '../ui/words.ts'
import type { OutcomeDraft } from './flow-draft.ts'

/** `One approval is enough: by somebody in the group Stewards or by ann.` */
export function stageWords({ needs, criteria }: StageDraft): string {
  const who = criteria.map(criterionWords)
  if (who.length === 1) return `One approval is needed, by ${who[0]}.`
  if (needs === 'any') return `One approval is enough: by ${listed(who, 'or')}.`
  return `${who.length} approvals are needed, by different people: ${listed(who, 'and')}.`
}

export function approvalWords(most: string): string {
  return most.trim() === ''
    ? 'Approved at once, for as long as was asked for; nobody decides.'
    : `Approved at once, for at most ${durationWords(most.trim())}; nobody decides.`
}

/** What an outcome comes to, a sentence for each step. */
export function outcomeWords(outcome: OutcomeDraft): readonly string[] {
  return outcome.kind === 'approve' ? [approvalWords(outcome.for)] : outcome.stages.map(stageWords)
}

function criterionWords({ kind, value, of }: CriterionDraft): string {
  if (value.trim() === noCriterion.value) return 'somebody not named yet'
  switch (kind) {
    case 'user':
      return value
    case 'group':
      return `somebody in the group ${value}`
    case 'permission': {
      const words = Object.entries(permissionWords).find(([name]) => name === value)?.[1] ?? value
      return `somebody with the permission ${words.split(':')[0]}`
    }
    case 'domainRight':
      return `somebody who may ${rightWords[value] ?? value} in ${of === '' ? 'the domain of what is asked for' : `the domain ${of}`}`
    case 'attribute':
      return `somebody who has ${value}${of === '' ? '' : `: ${of}`}`
  }
}

const rightWords: Readonly<Record<string, string>> = {
  MANAGE_POLICIES: 'manage policies',
  AUDIT_ACTIVITY: 'audit activity',
  MANAGE_DATA_PRODUCTS: 'manage data products',
}

function listed(words: readonly string[], last: 'and' | 'or'): string {
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
}
