/**
 * Formulas over people only: what a policy's expression is on one data source, once its tags are known.
 *
 * Canonical and made once: the same formula is the same object, wherever it comes from, so that whatever is computed
 * for it is shared. A formula that nothing uses any more is let go. Knows no facts.
 */
import type { IntegrationId } from './facts.ts'
import { nobody, type PeopleSet } from './people-set.ts'
import type { Call, Expression } from './policy/expression.ts'
import { selfAndParents } from './policy/match.ts'
import { allUsers } from './policy/truth.ts'

/** A question to be answered by one list of the fact index. */
export type Leaf =
  | { readonly is: 'everyone' }
  | { readonly is: 'nobody' }
  | { readonly is: 'group'; readonly name: string }
  /** This very value; parents are leaves of their own. */
  | { readonly is: 'value'; readonly key: string; readonly value: string }
  | { readonly is: 'key'; readonly key: string }
  | { readonly is: 'user'; readonly userid: string }
  | { readonly is: 'principal'; readonly kind: string; readonly integration: IntegrationId }

export interface Formula {
  readonly key: string
  readonly number: number
  /** A `not` has two terms, of which the second is taken from the first; the first is everyone. */
  readonly kind: 'leaf' | 'and' | 'or' | 'not'
  readonly leaf?: Leaf
  readonly terms: readonly Formula[]
  /**
   * Whether it can only hold for people for whom some leaf other than everyone holds. What is not grounded holds for
   * people of whom nothing is known.
   */
  readonly isGrounded: boolean
  /** The formulas of which it is a term, but for grounded `and`s. */
  readonly parents: Set<Formula>
  /** The grounded `and`s of which it is a term. */
  readonly ands: Set<Formula>
  /** Those of them that are looked for here: each is at one grounded term only, one with few others. */
  readonly watchers: Set<Formula>
  readonly watched?: Formula
  /** How many formulas, questions and bindings hold it. */
  uses: number
  /** Answers about a few people, each with who asked: a change asks thousands of formulas, too many for a map. */
  readonly slots: [Slot, Slot]
}

export interface Slot {
  asker: number
  answer: PeopleSet
}

/** What an expression is asked on: the tags of a data source, and the integration it is reached through. */
export interface Asked {
  readonly tags: readonly string[]
  readonly through: IntegrationId
}

export interface Formulas {
  readonly everyone: Formula
  /** The formula of an expression on a data source; in use once `use` was called on it. */
  resolve(expression: Expression, asked: Asked): Formula
  /** The formula of one question, if some formula has it. */
  find(leaf: Leaf): Formula | undefined
  use(formula: Formula): void
  /** Undoes one `use`. */
  release(formula: Formula): void
  /** Forgets the formulas that were resolved and never used. */
  sweep(): void
  principalLeaves(): Iterable<Formula>
  all(): Iterable<Formula>
  readonly count: number
}

/** `forget` is told of every formula let go. */
export function formulaTable(forget: (formula: Formula) => void): Formulas {
  const known = new Map<string, Formula>()
  const principals = new Set<Formula>()
  const unused = new Set<Formula>()
  let made = 0

  function make(key: string, kind: Formula['kind'], terms: readonly Formula[], leaf?: Leaf): Formula {
    const same = known.get(key)
    if (same) return same
    const isGrounded = isGroundedOn(kind, terms, leaf)
    const watched = kind === 'and' && isGrounded ? rarestOf(terms.filter(term => term.isGrounded)) : undefined
    const formula: Formula = {
      key,
      number: made++,
      kind,
      terms,
      isGrounded,
      parents: new Set(),
      ands: new Set(),
      watchers: new Set(),
      uses: 0,
      slots: [
        { asker: 0, answer: nobody },
        { asker: 0, answer: nobody },
      ],
      ...(watched ? { watched } : {}),
      ...(leaf ? { leaf } : {}),
    }
    known.set(key, formula)
    unused.add(formula)
    watched?.watchers.add(formula)
    for (const term of terms) {
      if (watched) term.ands.add(formula)
      else term.parents.add(formula)
      use(term)
    }
    if (leaf?.is === 'principal') principals.add(formula)
    return formula
  }

  function leafFormula(leaf: Leaf): Formula {
    return make(leafKey(leaf), 'leaf', [], leaf)
  }
  const everyone = leafFormula({ is: 'everyone' })
  const none = leafFormula({ is: 'nobody' })

  function group(name: string): Formula {
    return name === allUsers ? everyone : leafFormula({ is: 'group', name })
  }

  function negation(term: Formula): Formula {
    if (term === everyone) return none
    if (term === none) return everyone
    return term.kind === 'not' ? term.terms[1]! : make(`!${term.number}`, 'not', [everyone, term])
  }

  function joined(kind: 'and' | 'or', terms: readonly Formula[]): Formula {
    const [idle, decisive] = kind === 'and' ? [everyone, none] : [none, everyone]
    // Nothing is not "everyone": neither list can be written empty, and an empty one lets nobody in.
    if (terms.length === 0) return none
    const flat = new Set(terms.flatMap(term => (term.kind === kind ? term.terms : [term])))
    flat.delete(idle)
    const isDecided = flat.has(decisive) || flat.values().some(term => term.kind === 'not' && flat.has(term.terms[1]!))
    if (isDecided) return decisive
    const sorted = [...flat].sort((a, b) => a.number - b.number)
    if (sorted.length <= 1) return sorted[0] ?? idle
    return make(`${kind === 'and' ? '&' : '|'}${sorted.map(({ number }) => number).join()}`, kind, sorted)
  }

  function resolve(expression: Expression, asked: Asked): Formula {
    switch (expression.kind) {
      case 'call':
        return resolveCall(expression, asked)
      case 'not':
        return negation(resolve(expression.term, asked))
      default:
        return joined(
          expression.kind,
          expression.terms.map(term => resolve(term, asked)),
        )
    }
  }

  function resolveCall({ name, args }: Call, { tags, through }: Asked): Formula {
    const [key = '', value] = args
    const holding = (names: readonly string[]) => names.map(one => leafFormula({ is: 'value', key, value: one }))
    switch (name) {
      case 'hasAttribute':
        return value === undefined ? leafFormula({ is: 'key', key }) : joined('or', holding(selfAndParents(value)))
      case 'isInGroups':
        return joined('and', args.map(group))
      case 'isInAnyGroup':
        return joined('or', args.map(group))
      case 'hasTagAsAttribute':
        return joined('or', holding(tags.flatMap(selfAndParents)))
      case 'hasTagAsGroup':
        return joined('or', tags.flatMap(selfAndParents).map(group))
      case 'isUser':
        return joined(
          'or',
          args.map(userid => leafFormula({ is: 'user', userid })),
        )
      case 'hasPrincipal':
        return joined(
          'or',
          args.map(kind => leafFormula({ is: 'principal', kind, integration: through })),
        )
    }
  }

  function use(formula: Formula): void {
    if (formula.uses++ === 0) unused.delete(formula)
  }

  function release(formula: Formula): void {
    formula.uses--
    drop([formula])
  }

  function drop(candidates: Formula[]): void {
    for (let formula = candidates.pop(); formula; formula = candidates.pop()) {
      if (formula.uses > 0 || !known.delete(formula.key)) continue
      unused.delete(formula)
      principals.delete(formula)
      formula.watched?.watchers.delete(formula)
      forget(formula)
      for (const term of formula.terms) {
        term.parents.delete(formula)
        term.ands.delete(formula)
        term.uses--
        candidates.push(term)
      }
    }
  }

  use(everyone)
  use(none)
  return {
    everyone,
    resolve,
    find: leaf => known.get(leafKey(leaf)),
    use,
    release,
    sweep: () => drop([...unused]),
    principalLeaves: () => principals,
    all: () => known.values(),
    get count() {
      return known.size
    },
  }
}

function isGroundedOn(kind: Formula['kind'], terms: readonly Formula[], leaf: Leaf | undefined): boolean {
  if (kind === 'and') return terms.some(term => term.isGrounded)
  return kind === 'or' ? terms.every(term => term.isGrounded) : kind === 'leaf' && leaf?.is !== 'everyone'
}

/** The one with the fewest formulas above it, so that it is found true for the fewest of them in vain. */
function rarestOf(terms: readonly Formula[]): Formula | undefined {
  return terms.toSorted((a, b) => a.ands.size - b.ands.size)[0]
}

function leafKey(leaf: Leaf): string {
  switch (leaf.is) {
    case 'group':
      return `g${leaf.name}`
    case 'value':
      return `v${leaf.key.length}:${leaf.key}${leaf.value}`
    case 'key':
      return `k${leaf.key}`
    case 'user':
      return `u${leaf.userid}`
    case 'principal':
      return `p${leaf.integration}:${leaf.kind}`
    default:
      return leaf.is
  }
}
