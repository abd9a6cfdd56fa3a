/** Review flows that are being written, as people say them. */
import { type CriterionDraft, noCriterion, type StageDraft } from '../policies/review-draft.ts'
import { approvalWords, somebody, stageSentence } from '../requests/review-words.ts'
import type { OutcomeDraft } from './flow-draft.ts'

export function stageWords({ needs, criteria }: StageDraft): string {
  return stageSentence(needs, criteria.map(criterionWords))
}

/** What an outcome comes to, a sentence for each step. */
export function outcomeWords(outcome: OutcomeDraft): readonly string[] {
  return outcome.kind === 'approve' ? [approvalWords(outcome.for)] : outcome.stages.map(stageWords)
}

function criterionWords({ kind, value, of }: CriterionDraft): string {
  if (value.trim() === noCriterion.value) return 'somebody not named yet'
  const more = of === '' ? undefined : of
  return kind === 'user' ? value : somebody[kind](value, more)
}
