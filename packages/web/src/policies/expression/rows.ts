/**
 * The builder's list: conditions of which any or all must be met, each perhaps turned round.
 *
 * The same tree as the text, both ways and without loss: an expression that is no such list has no rows, and a list with
 * an unfinished row has no expression, so that nobody is let in by a row that somebody forgot.
 */
import { and, type Call, call, canonical, type Expression, not, or } from '@headgate/core/policy'

export interface Rows {
  readonly match: 'any' | 'all'
  readonly rows: readonly Row[]
}

export interface Row {
  readonly negated: boolean
  readonly name: Call['name']
  /** As many as the fields of the row; empty ones are unfinished, but for the value of an attribute: then any will do. */
  readonly args: readonly string[]
}

/** The rows of an expression in the order of its text; undefined where it is more than a list. A single one counts as `all`. */
export function rowsOf(expression: Expression): Rows | undefined {
  const tree = canonical(expression)
  const terms = tree.kind === 'and' || tree.kind === 'or' ? tree.terms : [tree]
  const rows = terms.map(rowOf)
  if (!rows.every(row => row !== undefined)) return undefined
  return { match: tree.kind === 'or' ? 'any' : 'all', rows }
}

/** Undefined while there is no row, or one is unfinished. */
export function expressionOfRows({ match, rows }: Rows): Expression | undefined {
  const terms = rows.map(termOf)
  if (terms.length === 0 || !terms.every(term => term !== undefined)) return undefined
  return match === 'any' ? or(terms) : and(terms)
}

/** A row of that kind with nothing filled in. */
export function emptyRow(name: Call['name']): Row {
  const args: Readonly<Record<Call['name'], readonly string[]>> = {
    hasAttribute: ['', ''],
    isInGroups: [''],
    isInAnyGroup: [''],
    isUser: [''],
    hasTagAsAttribute: ['', 'dataSource'],
    hasTagAsGroup: ['dataSource'],
    hasPrincipal: ['identityCenterUser'],
  }
  return { negated: false, name, args: args[name] }
}

function rowOf(term: Expression): Row | undefined {
  if (term.kind === 'call') {
    const args = term.name === 'hasAttribute' && term.args.length === 1 ? [...term.args, ''] : term.args
    return { negated: false, name: term.name, args }
  }
  if (term.kind !== 'not' || term.term.kind !== 'call') return undefined
  return { ...rowOf(term.term)!, negated: true }
}

function termOf({ negated, name, args }: Row): Expression | undefined {
  const given = name === 'hasAttribute' && args[1] === '' ? args.slice(0, 1) : args
  if (given.length === 0 || given.some(arg => arg.trim() === '')) return undefined
  const asked = call(name, ...given)
  return negated ? not(asked) : asked
}
