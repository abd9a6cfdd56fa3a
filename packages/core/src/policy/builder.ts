/**
 * The simple builder: a list of groups and attributes, of which any or all must be met.
 *
 * The same tree as the text, both ways and without loss: an expression that is no such list has no simple rule.
 */
import { and, type Call, call, canonical, type Expression, or } from './expression.ts'

export interface SimpleRule {
  readonly match: 'any' | 'all'
  /** In the order of the text. */
  readonly conditions: readonly SimpleCondition[]
}

export type SimpleCondition =
  | { readonly kind: 'groups'; readonly match: 'any' | 'all'; readonly groups: readonly string[] }
  /** Without a value: any value under the key. */
  | { readonly kind: 'attribute'; readonly key: string; readonly value?: string }

/** The rule that an expression is, or undefined where it is more than a list. A single condition counts as `all`. */
export function simpleRuleOf(expression: Expression): SimpleRule | undefined {
  const tree = canonical(expression)
  if (tree.kind === 'not') return undefined
  const terms = tree.kind === 'call' ? [tree] : tree.terms
  const conditions: SimpleCondition[] = []
  for (const term of terms) {
    const condition = term.kind === 'call' ? conditionOf(term) : undefined
    if (!condition) return undefined
    conditions.push(condition)
  }
  return { match: tree.kind === 'or' ? 'any' : 'all', conditions }
}

/** The expression of a rule; undefined while the list, or one of its lists of groups, is empty. */
export function expressionOfRule({ match, conditions }: SimpleRule): Expression | undefined {
  const isUnfinished = conditions.some(condition => condition.kind === 'groups' && condition.groups.length === 0)
  if (conditions.length === 0 || isUnfinished) return undefined
  const terms = conditions.map(callOf)
  return match === 'any' ? or(terms) : and(terms)
}

function conditionOf({ name, args }: Call): SimpleCondition | undefined {
  const [key = '', value] = args
  switch (name) {
    case 'isInGroups':
      return { kind: 'groups', match: 'all', groups: args }
    case 'isInAnyGroup':
      return { kind: 'groups', match: 'any', groups: args }
    case 'hasAttribute':
      return value === undefined ? { kind: 'attribute', key } : { kind: 'attribute', key, value }
    default:
      return undefined
  }
}

function callOf(condition: SimpleCondition): Call {
  if (condition.kind === 'groups')
    return call(condition.match === 'all' ? 'isInGroups' : 'isInAnyGroup', ...condition.groups)
  const { key, value } = condition
  return value === undefined ? call('hasAttribute', key) : call('hasAttribute', key, value)
}
