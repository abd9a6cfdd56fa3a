/**
 * The tree of a policy's expression: what the grammar yields, the builder builds and every later step reads.
 *
 * Canonical trees are flat: no `and` directly inside an `and`, no `or` directly inside an `or`, and at least two
 * terms in each. Trees are never changed in place.
 */

/** What may be asked of a person wherever the language is used. */
type PersonFunctionName = 'hasAttribute' | 'isInGroups' | 'isInAnyGroup' | 'isUser'

/** What policies ask: of a person, on a data source. */
export type FunctionName = PersonFunctionName | 'hasTagAsAttribute' | 'hasTagAsGroup' | 'hasPrincipal'

/** What review flows ask: of the beneficiary, and of what was asked for. There is no data source. */
export type FlowFunctionName = PersonFunctionName | 'levelIs' | 'durationAtMost' | 'principalKind'

export type AnyFunctionName = FunctionName | FlowFunctionName

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

export interface Call<Name extends AnyFunctionName = FunctionName> {
  readonly kind: 'call'
  /** Without the `@`. */
  readonly name: Name
  /** Unescaped. */
  readonly args: readonly string[]
  /** Where a parsed call stood, quotes of its arguments included; absent on trees built otherwise. No part of equality. */
  readonly span?: Span & { readonly args: readonly Span[] }
}

export type Expression<Name extends AnyFunctionName = FunctionName> =
  | { readonly kind: 'or'; readonly terms: readonly Expression<Name>[] }
  | { readonly kind: 'and'; readonly terms: readonly Expression<Name>[] }
  | { readonly kind: 'not'; readonly term: Expression<Name> }
  | Call<Name>

export function call<Name extends AnyFunctionName>(name: Name, ...args: readonly string[]): Call<Name> {
  return { kind: 'call', name, args }
}

export function not<Name extends AnyFunctionName>(term: Expression<Name>): Expression<Name> {
  return { kind: 'not', term }
}

/** All of the terms, flattened; a single one stands for itself. Throws a `RangeError` on none: nothing is not "everyone". */
export function and<Name extends AnyFunctionName>(terms: readonly Expression<Name>[]): Expression<Name> {
  return joined('and', terms)
}

/** Any of the terms, flattened; a single one stands for itself. Throws a `RangeError` on none. */
export function or<Name extends AnyFunctionName>(terms: readonly Expression<Name>[]): Expression<Name> {
  return joined('or', terms)
}

/** The same expression as a flat tree. Order and doubles stay as written. */
export function canonical<Name extends AnyFunctionName>(expression: Expression<Name>): Expression<Name> {
  switch (expression.kind) {
    case 'call':
      return expression
    case 'not':
      return not(canonical(expression.term))
    default:
      return joined(expression.kind, expression.terms.map(canonical<Name>))
  }
}

/** Whether two expressions have the same canonical tree; where they stood in a text is no part of it. */
export function isSameExpression(a: Expression<AnyFunctionName>, b: Expression<AnyFunctionName>): boolean {
  return isSameTree(canonical(a), canonical(b))
}

/** Every call of the tree, in the order of the text. */
export function* callsOf<Name extends AnyFunctionName>(expression: Expression<Name>): Generator<Call<Name>> {
  if (expression.kind === 'call') yield expression
  else if (expression.kind === 'not') yield* callsOf(expression.term)
  else for (const term of expression.terms) yield* callsOf(term)
}

function joined<Name extends AnyFunctionName>(
  kind: 'and' | 'or',
  terms: readonly Expression<Name>[],
): Expression<Name> {
  const flat = terms.flatMap(term => (term.kind === kind ? term.terms : [term]))
  const [first] = flat
  if (!first) throw new RangeError(`an \`${kind}\` needs at least one term`)
  return flat.length === 1 ? first : { kind, terms: flat }
}

function isSameTree(a: Expression<AnyFunctionName>, b: Expression<AnyFunctionName>): boolean {
  if (a.kind === 'call') return b.kind === 'call' && a.name === b.name && isSameList(a.args, b.args, Object.is)
  if (a.kind === 'not') return b.kind === 'not' && isSameTree(a.term, b.term)
  return b.kind === a.kind && isSameList(a.terms, b.terms, isSameTree)
}

function isSameList<T>(a: readonly T[], b: readonly T[], isSame: (x: T, y: T) => boolean): boolean {
  return a.length === b.length && a.every((item, at) => isSame(item, b[at]!))
}
