/**
 * The tree of a policy's expression: what the grammar yields, the builder builds and every later step reads.
 *
 * Canonical trees are flat: no `and` directly inside an `and`, no `or` directly inside an `or`, and at least two
 * terms in each. Trees are never changed in place.
 */

export type FunctionName =
  | 'hasAttribute'
  | 'isInGroups'
  | 'isInAnyGroup'
  | 'hasTagAsAttribute'
  | 'hasTagAsGroup'
  | 'isUser'
  | 'hasPrincipal'

/** Where something stands in the text. */
export interface Span {
  /** UTF-16 code units from the start of the text, from 0. */
  readonly offset: number
  /** UTF-16 code units. */
  readonly length: number
  /** From 1. */
  readonly line: number
  /** UTF-16 code units from the start of the line, from 1. */
  readonly column: number
}

export interface Call {
  readonly kind: 'call'
  /** Without the `@`. */
  readonly name: FunctionName
  /** Unescaped. */
  readonly args: readonly string[]
  /** Where a parsed call stood, quotes of its arguments included; absent on trees built otherwise. No part of equality. */
  readonly span?: Span & { readonly args: readonly Span[] }
}

export type Expression =
  | { readonly kind: 'or'; readonly terms: readonly Expression[] }
  | { readonly kind: 'and'; readonly terms: readonly Expression[] }
  | { readonly kind: 'not'; readonly term: Expression }
  | Call

export function call(name: FunctionName, ...args: readonly string[]): Call {
  return { kind: 'call', name, args }
}

export function not(term: Expression): Expression {
  return { kind: 'not', term }
}

/** All of the terms, flattened; a single one stands for itself. Throws a `RangeError` on none: nothing is not "everyone". */
export function and(terms: readonly Expression[]): Expression {
  return joined('and', terms)
}

/** Any of the terms, flattened; a single one stands for itself. Throws a `RangeError` on none. */
export function or(terms: readonly Expression[]): Expression {
  return joined('or', terms)
}

/** The same expression as a flat tree. Order and doubles stay as written. */
export function canonical(expression: Expression): Expression {
  switch (expression.kind) {
    case 'call':
      return expression
    case 'not':
      return not(canonical(expression.term))
    default:
      return joined(expression.kind, expression.terms.map(canonical))
  }
}

/** Whether two expressions have the same canonical tree; where they stood in a text is no part of it. */
export function isSameExpression(a: Expression, b: Expression): boolean {
  return isSameTree(canonical(a), canonical(b))
}

/** Every call of the tree, in the order of the text. */
export function* callsOf(expression: Expression): Generator<Call> {
  if (expression.kind === 'call') yield expression
  else if (expression.kind === 'not') yield* callsOf(expression.term)
  else for (const term of expression.terms) yield* callsOf(term)
}

function joined(kind: 'and' | 'or', terms: readonly Expression[]): Expression {
  const flat = terms.flatMap(term => (term.kind === kind ? term.terms : [term]))
  const [first] = flat
  if (!first) throw new RangeError(`an \`${kind}\` needs at least one term`)
  return flat.length === 1 ? first : { kind, terms: flat }
}

function isSameTree(a: Expression, b: Expression): boolean {
  if (a.kind === 'call') return b.kind === 'call' && a.name === b.name && isSameList(a.args, b.args, Object.is)
  if (a.kind === 'not') return b.kind === 'not' && isSameTree(a.term, b.term)
  return b.kind === a.kind && isSameList(a.terms, b.terms, isSameTree)
}

function isSameList<T>(a: readonly T[], b: readonly T[], isSame: (x: T, y: T) => boolean): boolean {
  return a.length === b.length && a.every((item, at) => isSame(item, b[at]!))
}
