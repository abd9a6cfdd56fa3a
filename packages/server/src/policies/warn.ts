/** What is worth a second look in a policy, as of the names in use now. Warnings stop nothing. */
import { type PolicyWarning, parseExpression, tagWarnings, type Vocabulary, warnings } from '@headgate/core'
import type { Policy } from '@headgate/core/api'
import type { PolicyDefinition } from '../db/schema.ts'
import { conditionsOf, pathOfCondition } from './conditions.ts'

type Warning = Policy['warnings'][number]
type Parts = Pick<PolicyDefinition, 'kind' | 'who' | 'appliesTo'>

/** Those of the expression first, in the order of its text. */
export function warningsOf({ kind, appliesTo, who }: Parts, vocabulary: Vocabulary): Warning[] {
  const onTags = conditionsOf(appliesTo).flatMap((condition, at) =>
    'tag' in condition
      ? tagWarnings([condition.tag], vocabulary).map(one => toWarning(one, pathOfCondition(appliesTo, at), 0))
      : [],
  )
  return !('when' in who) ? onTags : [...warningsOfText(kind, who.when, vocabulary), ...onTags]
}

function warningsOfText(kind: PolicyDefinition['kind'], text: string, vocabulary: Vocabulary): Warning[] {
  const parsed = parseExpression(text)
  if (!parsed.ok) {
    // Stored once, unreadable now: it lets nobody in, or nobody through.
    return parsed.errors.map(({ code, message, line, column, length }) => {
      return { code, message, path: 'who.when', line, column, length }
    })
  }
  return (
    warnings(parsed.expression, vocabulary)
      // That a minimum holds for the unknown is no slip: it lets nobody in.
      .filter(({ code }) => kind === 'grant' || code !== 'open-by-absence')
      .map(warning => toWarning(warning, 'who.when', text.length))
  )
}

/** Without a place of its own a warning is about the whole text. */
function toWarning({ code, message, span, didYouMean }: PolicyWarning, path: string, whole: number): Warning {
  const { line, column, length } = span ?? { line: 1, column: 1, length: whole }
  return { code, message, path, line, column, length, ...(didYouMean === undefined ? {} : { didYouMean }) }
}
