/**
 * What differs between two versions of a policy: the fields that changed, conditions taken away and added, expressions
 * merged part by part. Pure.
 *
 * Expressions are compared in canonical form, so that layout, quotes and needless parentheses are no difference.
 */
import { highlightsOf, parseExpression, printExpression } from '@headgate/core'
import type { api } from '@headgate/core/api'
import type { z } from 'zod'
import { canonicalText } from '../canonical.ts'
import type { PolicyVersionRow } from '../db/policy-version.ts'
import type { PolicyDefinition, StoredCondition } from '../db/schema.ts'
import { conditionsOf } from './conditions.ts'
import { copyOf } from './present.ts'

type Change = z.input<typeof api.policies.diff.response>['changes'][number]
type Part = { readonly is: 'same' | 'removed' | 'added'; readonly text: string }

/** In the order in which a policy is written; empty where the versions say the same. */
export function diffVersions(from: PolicyVersionRow, to: PolicyVersionRow): Change[] {
  const [a, b] = [from.definition, to.definition]
  const changes: Change[] = [
    { field: 'name', before: from.name, after: to.name },
    { field: 'kind', before: a.kind, after: b.kind },
    { field: 'level', before: a.level, after: b.level },
    diffAppliesTo(a.appliesTo, b.appliesTo),
    diffWho(a.who, b.who),
    { field: 'subscribe', before: a.subscribe, after: b.subscribe },
    { field: 'discoverable', before: a.discoverable, after: b.discoverable },
    { field: 'state', before: from.state, after: to.state },
    { field: 'description', before: a.description, after: b.description },
  ]
  return changes.filter(({ before, after }) => canonicalText(before) !== canonicalText(after))
}

/** Both texts in canonical form as one: what they share, what only the first says, what only the second says. */
export function diffExpressions(before: string, after: string): Part[] {
  const [a, b] = [wordsOf(canonicalOf(before)), wordsOf(canonicalOf(after))]
  const start = countSame(a, b)
  const end = countSame(a.slice(start).reverse(), b.slice(start).reverse())
  const shared = (words: readonly Word[]) => words.map(({ text }) => ({ is: 'same' as const, text }))
  return joined([
    ...shared(b.slice(0, start)),
    ...diffWords(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...shared(b.slice(b.length - end)),
  ])
}

function diffAppliesTo(before: PolicyDefinition['appliesTo'], after: PolicyDefinition['appliesTo']): Change {
  const [had, has] = [conditionsOf(before), conditionsOf(after)]
  const without = (all: readonly StoredCondition[], others: readonly StoredCondition[]) => {
    const keys = new Set(others.map(canonicalText))
    return all.filter(condition => !keys.has(canonicalText(condition)))
  }
  const [removed, added] = [without(had, has), without(has, had)]
  return { field: 'appliesTo', before: copyOf(before), after: copyOf(after), removed, added }
}

function diffWho(before: PolicyDefinition['who'], after: PolicyDefinition['who']): Change {
  if (!('when' in before && 'when' in after)) return { field: 'who', before, after }
  return { field: 'who', before, after, expression: diffExpressions(before.when, after.when) }
}

/** A text that cannot be read (any more) is compared as it was written. */
function canonicalOf(text: string): string {
  const parsed = parseExpression(text)
  return parsed.ok ? printExpression(parsed.expression) : text
}

interface Word {
  /** With the blanks before it; together the words are the text. */
  readonly text: string
  readonly key: string
}

function wordsOf(text: string): Word[] {
  const ends = highlightsOf(text).map(({ offset, length }) => offset + length)
  return ends.map((end, at) => {
    const word = text.slice(ends[at - 1] ?? 0, end)
    return { text: word, key: word.trimStart() }
  })
}

function countSame(a: readonly Word[], b: readonly Word[]): number {
  const differs = a.findIndex((word, at) => word.key !== b[at]?.key)
  return differs === -1 ? a.length : differs
}

/** 8 KiB of expression are at most some 3,300 words: beyond that it was no expression, and is not worth the square. */
const mostCompared = 4000 * 4000

/** Along a longest common subsequence. */
function diffWords(a: readonly Word[], b: readonly Word[]): Part[] {
  const removed = (words: readonly Word[]) => words.map(({ text }) => ({ is: 'removed' as const, text }))
  const added = (words: readonly Word[]) => words.map(({ text }) => ({ is: 'added' as const, text }))
  if (a.length * b.length > mostCompared) return [...removed(a), ...added(b)]
  const width = b.length + 1
  // common[i * width + j]: how many words a[i…] and b[j…] share at most.
  const common = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const at = i * width + j
      common[at] =
        a[i]!.key === b[j]!.key ? common[at + width + 1]! + 1 : Math.max(common[at + width]!, common[at + 1]!)
    }
  }
  const parts: Part[] = []
  let [i, j] = [0, 0]
  while (i < a.length && j < b.length) {
    const at = i * width + j
    if (a[i]!.key === b[j]!.key) {
      parts.push({ is: 'same', text: b[j]!.text })
      i++
      j++
    } else if (common[at + width]! >= common[at + 1]!) parts.push(...removed([a[i++]!]))
    else parts.push(...added([b[j++]!]))
  }
  return [...parts, ...removed(a.slice(i)), ...added(b.slice(j))]
}

/** Neighbours of one kind as one part. */
function joined(parts: readonly Part[]): Part[] {
  const runs: { is: Part['is']; text: string }[] = []
  for (const { is, text } of parts) {
    const last = runs.at(-1)
    if (last?.is === is) last.text += text
    else runs.push({ is, text })
  }
  return runs
}
