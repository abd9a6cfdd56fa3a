/** The names that policies mention: what the names in use are looked up for. */
import { type AnyFunctionName, argumentKindAt, type Call, callsOf, parseExpression } from '@headgate/core'
import type { PolicyDefinition } from '../db/schema.ts'
import type { Names } from '../db/vocabulary.ts'
import { conditionsOf } from './conditions.ts'

/** Of an expression that cannot be read: none. */
export function namesIn(policies: readonly Pick<PolicyDefinition, 'who' | 'appliesTo'>[]): Names {
  const tags = new Set<string>()
  const calls: Call[] = []
  for (const { who, appliesTo } of policies) {
    for (const condition of conditionsOf(appliesTo)) if ('tag' in condition) tags.add(condition.tag)
    const parsed = 'when' in who ? parseExpression(who.when) : undefined
    if (parsed?.ok) calls.push(...callsOf(parsed.expression))
  }
  return { ...namesInExpressions(calls), tags }
}

/** Of expressions of policies and of review flows. */
export function namesInExpressions(calls: Iterable<Call<AnyFunctionName>>): Names {
  const groups = new Set<string>()
  const users = new Set<string>()
  const values = new Map<string, Set<string>>()
  for (const { name, args } of calls) {
    for (const [at, argument] of args.entries()) {
      const kind = argumentKindAt(name, at)
      if (kind === 'group') groups.add(argument)
      if (kind === 'user') users.add(argument)
      if (kind === 'key') values.set(argument, values.get(argument) ?? new Set())
      if (kind === 'value') values.get(args[0]!)?.add(argument)
    }
  }
  return { groups, users, values, tags: new Set() }
}
