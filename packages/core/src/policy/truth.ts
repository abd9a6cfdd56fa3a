/**
 * Whether an expression can be true for anybody, or false for anybody, by reasoning over its atoms alone.
 *
 * The question is hard in general, so the search is cut off: `undefined` means "not decided in time", never a guess.
 * It knows what one atom says of another (holding `A` is holding `A.B`; nobody is two users), nothing of the facts.
 */
import type { Call, Expression } from './expression.ts'
import { matches } from './match.ts'

/** The built-in group of which everybody is a member (03). */
export const allUsers = 'All Users'

/** Parts of formulas looked at before the search gives up: a fraction of a second. */
const searchBudget = 300_000

type Atom =
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'user'; readonly name: string }
  | { readonly kind: 'principal'; readonly name: string }
  | { readonly kind: 'attribute'; readonly key: string; readonly value?: string }
  | { readonly kind: 'tagAsAttribute'; readonly key: string }
  | { readonly kind: 'tagAsGroup' }

/** Negation stands at the atoms only. Atoms are numbered. */
type Formula =
  | boolean
  | { readonly kind: 'atom'; readonly atom: number; readonly is: boolean }
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Formula[] }

/** `never` true, `always`, `sometimes`, or undefined where the search was cut off. */
export function truthOf(expression: Expression): 'never' | 'always' | 'sometimes' | undefined {
  const atoms = atomNumbers()
  const canBeTrue = isSatisfiable(formulaOf(expression, true, atoms), atoms)
  if (canBeTrue === false) return 'never'
  const canBeFalse = isSatisfiable(formulaOf(expression, false, atoms), atoms)
  if (canBeFalse === false) return 'always'
  return canBeTrue && canBeFalse ? 'sometimes' : undefined
}

/**
 * Whether an expression holds for some person of whom nothing is known: no attribute, no group but `All Users`, not
 * named in it, on a data source whose tags match nothing of theirs, mapped in whatever way. Such a grant policy is *open by absence* (04).
 */
export function isOpenByAbsence(expression: Expression): boolean {
  return [undefined, 'identityCenterUser', 'iamRole', 'iamUser'].some(kind => holdsForStranger(expression, kind))
}

function holdsForStranger(expression: Expression, principalKind: string | undefined): boolean {
  switch (expression.kind) {
    case 'or':
      return expression.terms.some(term => holdsForStranger(term, principalKind))
    case 'and':
      return expression.terms.every(term => holdsForStranger(term, principalKind))
    case 'not':
      return !holdsForStranger(expression.term, principalKind)
    case 'call':
      if (expression.name === 'hasPrincipal') return expression.args.some(kind => kind === principalKind)
      if (expression.name === 'isInGroups') return expression.args.every(group => group === allUsers)
      return expression.name === 'isInAnyGroup' && expression.args.includes(allUsers)
  }
}

function formulaOf(expression: Expression, is: boolean, atoms: AtomNumbers): Formula {
  if (expression.kind === 'not') return formulaOf(expression.term, !is, atoms)
  if (expression.kind === 'call') return formulaOfCall(expression, is, atoms)
  const terms = expression.terms.map(term => formulaOf(term, is, atoms))
  return { kind: is === (expression.kind === 'and') ? 'and' : 'or', terms }
}

function formulaOfCall({ name, args }: Call, is: boolean, atoms: AtomNumbers): Formula {
  const literal = (atom: Atom): Formula =>
    atom.kind === 'group' && atom.name === allUsers ? is : { kind: 'atom', atom: atoms.numberOf(atom), is }
  const every = (kind: 'and' | 'or', made: readonly Atom[]): Formula => ({
    kind: is === (kind === 'and') ? 'and' : 'or',
    terms: made.map(literal),
  })
  const [key = '', value] = args
  switch (name) {
    case 'isInGroups':
      return every(
        'and',
        args.map(group => ({ kind: 'group', name: group })),
      )
    case 'isInAnyGroup':
      return every(
        'or',
        args.map(group => ({ kind: 'group', name: group })),
      )
    case 'isUser':
      return every(
        'or',
        args.map(user => ({ kind: 'user', name: user })),
      )
    case 'hasPrincipal':
      return every(
        'or',
        args.map(kind => ({ kind: 'principal', name: kind })),
      )
    case 'hasAttribute':
      return literal(value === undefined ? { kind: 'attribute', key } : { kind: 'attribute', key, value })
    case 'hasTagAsAttribute':
      return literal({ kind: 'tagAsAttribute', key })
    case 'hasTagAsGroup':
      return literal({ kind: 'tagAsGroup' })
  }
}

interface AtomNumbers {
  readonly list: readonly Atom[]
  /** The same number for the same atom. */
  numberOf(atom: Atom): number
}

function atomNumbers(): AtomNumbers {
  const list: Atom[] = []
  const numbers = new Map<string, number>()
  return {
    list,
    numberOf(atom) {
      const key = JSON.stringify(atom)
      const number = numbers.get(key) ?? list.push(atom) - 1
      numbers.set(key, number)
      return number
    },
  }
}

type Assignment = ReadonlyMap<number, boolean>

function isSatisfiable(formula: Formula, { list }: AtomNumbers): boolean | undefined {
  let left = searchBudget

  function search(given: Formula, settled: Assignment): boolean | undefined {
    const assignment = new Map(settled)
    let formula = simplified(given, assignment)
    for (let forced = literalsOf(formula); forced.length > 0; forced = literalsOf(formula)) {
      if (!forced.every(({ atom, is }) => settle(assignment, atom, is))) return false
      formula = simplified(formula, assignment)
    }
    if (typeof formula === 'boolean') return formula
    if (left < 0) return undefined
    const atom = firstAtom(formula)
    const answers: (boolean | undefined)[] = []
    for (const is of [true, false]) {
      const tried = new Map(assignment)
      const answer = settle(tried, atom, is) ? search(formula, tried) : false
      if (answer) return true
      answers.push(answer)
    }
    return answers.includes(undefined) ? undefined : false
  }

  /** Settles an atom and all that follows from it; false where that contradicts what is settled. */
  function settle(assignment: Map<number, boolean>, atom: number, is: boolean): boolean {
    if (assignment.has(atom)) return assignment.get(atom) === is
    assignment.set(atom, is)
    left -= list.length
    for (const [other, about] of list.entries()) {
      const follows = other === atom ? undefined : consequence(list[atom]!, is, about)
      if (follows === undefined) continue
      if (assignment.has(other) && assignment.get(other) !== follows) return false
      assignment.set(other, follows)
    }
    return true
  }

  function simplified(formula: Formula, assignment: Assignment): Formula {
    left--
    if (typeof formula === 'boolean') return formula
    if (formula.kind === 'atom') {
      const value = assignment.get(formula.atom)
      return value === undefined ? formula : value === formula.is
    }
    const decides = formula.kind === 'or'
    const terms: Formula[] = []
    for (const term of formula.terms) {
      const part = simplified(term, assignment)
      if (part === decides) return decides
      if (typeof part === 'boolean') continue
      if (part.kind === formula.kind) for (const inner of part.terms) terms.push(inner)
      else terms.push(part)
    }
    if (terms.length === 0) return !decides
    return terms.length === 1 ? terms[0]! : { kind: formula.kind, terms }
  }

  return search(formula, new Map())
}

type Literal = Extract<Formula, { kind: 'atom' }>

/** The atoms that every solution has to take this way. */
function literalsOf(formula: Formula): readonly Literal[] {
  if (typeof formula === 'boolean' || formula.kind === 'or') return []
  if (formula.kind === 'atom') return [formula]
  return formula.terms.filter((term): term is Literal => typeof term !== 'boolean' && term.kind === 'atom')
}

function firstAtom(formula: Exclude<Formula, boolean>): number {
  let part: Formula = formula
  while (typeof part !== 'boolean' && part.kind !== 'atom') part = part.terms[0]!
  if (typeof part === 'boolean') throw new TypeError('a simplified formula has no constants inside')
  return part.atom
}

/** What one atom being so says of another; undefined: nothing. Closed: no consequence has further ones. */
function consequence(atom: Atom, is: boolean, other: Atom): boolean | undefined {
  if (is) {
    if (atom.kind === other.kind && (atom.kind === 'user' || atom.kind === 'principal')) return false
    return implies(atom, other) ? true : undefined
  }
  return implies(other, atom) ? false : undefined
}

function implies(atom: Atom, other: Atom): boolean {
  if (other.kind !== 'attribute') return false
  if (atom.kind === 'tagAsAttribute') return other.value === undefined && other.key === atom.key
  if (atom.kind !== 'attribute' || atom.key !== other.key || atom.value === undefined) return false
  return other.value === undefined || matches(atom.value, other.value)
}
