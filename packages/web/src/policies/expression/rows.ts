/**
 * What the builder shows: conditions of which any or all must be met, and groups of them, each perhaps turned round.
 *
 * The same tree as the text, both ways and without loss: an expression that is nested deeper than one can follow on a
 * screen has no rows, and a list with an unfinished row has no expression, so that nobody is let in by a row that somebody
 * forgot.
 */
import { type AnyFunctionName, and, type Call, call, canonical, type Expression, not, or } from '@headgate/core/policy'

type Tree = Expression<AnyFunctionName>

export interface Rows {
  readonly match: 'any' | 'all'
  readonly rows: readonly Part[]
}

/** One condition, or several that count as one. */
export type Part = Row | Nest

export interface Row {
  readonly negated: boolean
  readonly name: AnyFunctionName
  /** As many as the fields of the row; empty ones are unfinished, but for the value of an attribute: then any will do. */
  readonly args: readonly string[]
}

export interface Nest extends Rows {
  readonly negated: boolean
}

/** Groups inside of groups; beyond that, text is easier to read than boxes. */
export const deepest = 3

/**
 * The rows of an expression in the order of its text; undefined where it is nested deeper than is shown. A single one
 * counts as `all`.
 */
export function rowsOf(expression: Tree): Rows | undefined {
  const tree = canonical(expression)
  const { match, terms } =
    tree.kind === 'and' || tree.kind === 'or' ? listOf(tree) : { match: 'all' as const, terms: [tree] }
  return nested(match, terms, deepest)
}

/** Undefined while there is no row, or one is unfinished. */
export function expressionOfRows({ match, rows }: Rows): Tree | undefined {
  const terms = rows.map(termOf)
  if (terms.length === 0 || !terms.every(term => term !== undefined)) return undefined
  return match === 'any' ? or(terms) : and(terms)
}

/** A row of that kind with nothing filled in. */
export function emptyRow(name: AnyFunctionName): Row {
  const args: Readonly<Record<AnyFunctionName, readonly string[]>> = {
    hasAttribute: ['', ''],
    isInGroups: [''],
    isInAnyGroup: [''],
    isUser: [''],
    hasTagAsAttribute: ['', 'dataSource'],
    hasTagAsGroup: ['dataSource'],
    hasPrincipal: ['identityCenterUser'],
    levelIs: ['READ'],
    durationAtMost: [''],
    principalKind: ['identityCenterUser'],
  }
  return { negated: false, name, args: args[name] }
}

export function isNest(part: Part): part is Nest {
  return 'rows' in part
}

/** Nothing has been filled in yet. */
export function isUntouched({ rows }: Rows): boolean {
  return rows.every(part => (isNest(part) ? isUntouched(part) : part.args.every(arg => arg === '')))
}

function nested(match: Rows['match'], terms: readonly Tree[], depth: number): Rows | undefined {
  const rows = terms.map(term => partOf(term, depth))
  return rows.every(row => row !== undefined) ? { match, rows } : undefined
}

function partOf(term: Tree, depth: number): Part | undefined {
  const negated = term.kind === 'not'
  const inner = negated ? term.term : term
  if (inner.kind === 'call') return { ...rowOf(inner), negated }
  if (depth === 0) return undefined
  // What is turned round twice is a group of one.
  const { match, terms } = inner.kind === 'not' ? { match: 'all' as const, terms: [inner] } : listOf(inner)
  const rows = nested(match, terms, depth - 1)
  return rows && { ...rows, negated }
}

function listOf({ kind, terms }: Extract<Tree, { terms: unknown }>) {
  return { match: kind === 'or' ? ('any' as const) : ('all' as const), terms }
}

function rowOf({ name, args }: Call<AnyFunctionName>): Omit<Row, 'negated'> {
  return { name, args: name === 'hasAttribute' && args.length === 1 ? [...args, ''] : args }
}

function termOf(part: Part): Tree | undefined {
  const asked = isNest(part) ? expressionOfRows(part) : callOf(part)
  return asked && part.negated ? not(asked) : asked
}

function callOf({ name, args }: Row): Tree | undefined {
  const given = name === 'hasAttribute' && args[1] === '' ? args.slice(0, 1) : args
  if (given.length === 0 || given.some(arg => arg.trim() === '')) return undefined
  return call(name, ...given)
}
