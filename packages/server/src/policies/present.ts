/** Policies as the API answers them, with what is worth a second look as of now. */
import { type PolicyWarning, parseExpression, tagWarnings, type Vocabulary, warnings } from '@headgate/core'
import type { api } from '@headgate/core/api'
import type { z } from 'zod'
import type { PolicyRow } from '../db/policy.ts'
import type { PolicyDefinition } from '../db/schema.ts'
import { conditionsOf } from './conditions.ts'

type Shown = z.input<typeof api.policies.get.response>

export function presentPolicy(row: PolicyRow, vocabulary: Vocabulary): Shown {
  const { id, version, name, definition } = row
  const { appliesTo } = definition
  return {
    id,
    version,
    name,
    ...definition,
    appliesTo: copyOf(appliesTo),
    state: row.state === 'active' ? 'active' : 'staged',
    protected: row.protected,
    warnings: warningsOf(definition, vocabulary),
    createdAt: new Date(row.created_at).toISOString(),
    createdBy: row.creator ?? 'headgate',
    updatedAt: new Date(row.updated_at).toISOString(),
  }
}

function copyOf(appliesTo: PolicyDefinition['appliesTo']): Shown['appliesTo'] {
  if ('everything' in appliesTo) return appliesTo
  return 'any' in appliesTo ? { any: [...appliesTo.any] } : { all: [...appliesTo.all] }
}

function warningsOf({ kind, appliesTo, who }: PolicyDefinition, vocabulary: Vocabulary): Shown['warnings'] {
  const tags = conditionsOf(appliesTo).flatMap(condition => ('tag' in condition ? [condition.tag] : []))
  const onTags = tagWarnings(tags, vocabulary).map(warning => toWarning(warning, 0))
  if ('everyone' in who) return onTags
  const text = who.when
  const parsed = parseExpression(text)
  if (!parsed.ok) {
    // Stored once, unreadable now: it lets nobody in, or nobody through.
    const errors = parsed.errors.map(({ code, message, line, column, length }) => ({
      code,
      message,
      line,
      column,
      length,
    }))
    return [...errors, ...onTags]
  }
  const found = warnings(parsed.expression, vocabulary)
    // That a minimum holds for the unknown is no slip: it lets nobody in.
    .filter(({ code }) => kind === 'grant' || code !== 'open-by-absence')
    .map(warning => toWarning(warning, text.length))
  return [...found, ...onTags]
}

/** Without a place of its own a warning is about the whole text. */
function toWarning({ code, message, span }: PolicyWarning, whole: number): Shown['warnings'][number] {
  const { line, column, length } = span ?? { line: 1, column: 1, length: whole }
  return { code, message, line, column, length }
}
