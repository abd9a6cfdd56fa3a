/**
 * Formulas over people only: what a policy's expression is on one data source, once its tags are known.
 *
 * Canonical and made once: the same formula is the same object, wherever it comes from, so that whatever is computed
 * for it is shared. A formula that nothing uses any more is let go. Knows no facts.
 */
import type { IntegrationId } from './facts.ts'
import { countOf, type Few, none as noFormulas, withOne, withoutOne } from './few.ts'
import { hashed, interned } from './interned.ts'
import { isReserved } from './marketplace.ts'
import type { PeopleSet } from './people-set.ts'
import type { Call, Expression } from './policy/expression.ts'
import { selfAndParents } from './policy/match.ts'
import { allUsers } from './policy/truth.ts'
import { type TagMap, tagMap } from './tag-map.ts'

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
  readonly number: number
  /** A `not` has two terms, of which the second is taken from the first; the first is everyone. */
  readonly kind: 'leaf' | 'and' | 'or' | 'not'
  readonly leaf: Leaf | undefined
  readonly terms: readonly Formula[]
  /**
   * Whether it can only hold for people for whom some leaf other than everyone holds. What is not grounded holds for
   * people of whom nothing is known.
   */
  readonly isGrounded: boolean
  /** The formulas of which it is a term, but for grounded `and`s. */
  readonly parents: Few<Formula>
  /** The grounded `and`s of which it is a term. */
  readonly ands: Few<Formula>
  /** Those of them that are looked for here: each is at one grounded term only, one with few others. */
  readonly watchers: Few<Formula>
  readonly watched: Formula | undefined
  /** How many formulas, questions and bindings hold it. */
  uses: number
  /** Let go of. */
  isGone: boolean
  /** Answers about a few people, each with who asked: a change asks thousands of formulas, too many for a map. */
  slots: readonly [Slot, Slot] | undefined
}

type Own = { -readonly [Field in keyof Formula]: Formula[Field] }

export interface Slot {
  asker: number
  answer: PeopleSet
}

/** What an expression is asked on: the tags of a data source, and the integration it is reached through. */
export interface Asked {
  readonly tags: readonly string[]
  readonly through: IntegrationId
  /** A standing policy asks: what is held under reserved keys counts. */
  readonly seesReserved?: boolean | undefined
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
  const everyone = madeOf(0, 'leaf', [], { is: 'everyone' })
  const none = madeOf(1, 'leaf', [], { is: 'nobody' })
  const all = new Set<Own>([everyone, none])
  const leaves = {
    group: new Map<string, Own>(),
    key: new Map<string, Own>(),
    user: new Map<string, Own>(),
    principal: new Map<string, Own>(),
    /** By key. */
    value: new Map<string, Map<string, Own>>(),
  }
  const joints = interned<Own>()
  /** What calls about tags come to, by call: several policies ask the same of the same tags. Until the next sweep. */
  const tagged = new Map<string, TagMap<Own>>()
  /** Made or let go of and perhaps used since. */
  let unused: Own[] = []
  let made = 2

  function make(kind: Formula['kind'], terms: readonly Own[], leaf: Leaf | undefined): Own {
    const formula = madeOf(made++, kind, terms, leaf)
    all.add(formula)
    unused.push(formula)
    const { watched } = formula
    if (watched) (watched as Own).watchers = withOne(watched.watchers, formula)
    for (const term of terms) {
      if (watched) term.ands = withOne(term.ands, formula)
      else term.parents = withOne(term.parents, formula)
      term.uses++
    }
    return formula
  }

  function leafFormula(leaf: Leaf): Own {
    if (leaf.is === 'everyone') return everyone
    if (leaf.is === 'nobody') return none
    const place = placeOf(leaf)
    const name = nameOf(leaf)
    const known = place.get(name)
    if (known) return known
    const formula = make('leaf', [], leaf)
    place.set(name, formula)
    return formula
  }

  function placeOf(leaf: NamedLeaf): Map<string, Own> {
    if (leaf.is !== 'value') return leaves[leaf.is]
    const known = leaves.value.get(leaf.key)
    if (known) return known
    const place = new Map<string, Own>()
    leaves.value.set(leaf.key, place)
    return place
  }

  function group(name: string): Own {
    return name === allUsers ? everyone : leafFormula({ is: 'group', name })
  }

  function jointOf(kind: 'and' | 'or' | 'not', terms: readonly Own[]): Own {
    const hash = hashOf(kind, terms)
    const known = joints.find(hash, one => one.kind === kind && isSameList(one.terms, terms))
    if (known) return known
    const formula = make(kind, terms, undefined)
    joints.add(hash, formula)
    return formula
  }

  function negation(term: Own): Own {
    if (term === everyone) return none
    if (term === none) return everyone
    return term.kind === 'not' ? term.terms[1]! : jointOf('not', [everyone, term])
  }

  function joined(kind: 'and' | 'or', terms: readonly Own[]): Own {
    const [idle, decisive] = kind === 'and' ? [everyone, none] : [none, everyone]
    // Nothing is not "everyone": neither list can be written empty, and an empty one lets nobody in.
    if (terms.length === 0) return none
    const sorted: Own[] = []
    for (const term of terms) {
      if (term.kind === kind) for (const inner of term.terms) sorted.push(inner)
      else if (term !== idle) sorted.push(term)
    }
    if (sorted.length > 1) keepEachOnce(sorted)
    if (sorted.length <= 1) return sorted[0] ?? idle
    // The first two formulas are everyone and nobody, and so is their place.
    if (sorted[0] === decisive) return decisive
    const isDecided = sorted.some(({ kind: one, terms: [, refused] }) => one === 'not' && includes(sorted, refused!))
    return isDecided ? decisive : jointOf(kind, sorted)
  }

  function resolve(expression: Expression, asked: Asked): Own {
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

  function resolveCall({ name, args }: Call, { tags, through, seesReserved }: Asked): Own {
    const [key = '', value] = args
    const looksAtKey = name === 'hasAttribute' || name === 'hasTagAsAttribute'
    if (looksAtKey && isReserved(key) && !seesReserved) return none
    switch (name) {
      case 'hasAttribute':
        return value === undefined ? leafFormula({ is: 'key', key }) : holding(key, selfAndParents(value))
      case 'isInGroups':
        return joined('and', args.map(group))
      case 'isInAnyGroup':
        return joined('or', args.map(group))
      case 'hasTagAsAttribute':
        return ofTags(`attribute ${key}`, tags, names => holding(key, names))
      case 'hasTagAsGroup':
        return ofTags('group', tags, names => joined('or', names.map(group)))
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

  function holding(key: string, values: readonly string[]): Own {
    return joined(
      'or',
      values.map(value => leafFormula({ is: 'value', key, value })),
    )
  }

  function ofTags(call: string, tags: readonly string[], formulaOf: (names: readonly string[]) => Own): Own {
    const known = tagged.get(call) ?? tagMap<Own>()
    tagged.set(call, known)
    const same = known.get(tags)
    if (same && !same.isGone) return same
    const formula = formulaOf(tags.length === 1 ? selfAndParents(tags[0]!) : tags.flatMap(selfAndParents))
    known.set(tags, formula)
    return formula
  }

  function release(formula: Formula): void {
    formula.uses--
    drop([formula])
  }

  function drop(candidates: Own[]): void {
    for (let formula = candidates.pop(); formula; formula = candidates.pop()) {
      if (formula.uses > 0 || formula.isGone || formula === everyone || formula === none) continue
      formula.isGone = true
      all.delete(formula)
      if (!formula.leaf) joints.delete(hashOf(formula.kind, formula.terms), formula)
      else if (formula.leaf.is !== 'everyone' && formula.leaf.is !== 'nobody') {
        const place = placeOf(formula.leaf)
        place.delete(nameOf(formula.leaf))
        if (formula.leaf.is === 'value' && place.size === 0) leaves.value.delete(formula.leaf.key)
      }
      const { watched } = formula
      if (watched) (watched as Own).watchers = withoutOne(watched.watchers, formula)
      forget(formula)
      for (const term of formula.terms as readonly Own[]) {
        term.parents = withoutOne(term.parents, formula)
        term.ands = withoutOne(term.ands, formula)
        term.uses--
        candidates.push(term)
      }
    }
  }

  return {
    everyone,
    resolve,
    find(leaf) {
      if (leaf.is === 'everyone') return everyone
      if (leaf.is === 'nobody') return none
      const place = leaf.is === 'value' ? leaves.value.get(leaf.key) : leaves[leaf.is]
      return place?.get(nameOf(leaf))
    },
    use: formula => {
      formula.uses++
    },
    release,
    sweep() {
      tagged.clear()
      const candidates = unused
      unused = []
      drop(candidates)
    },
    principalLeaves: () => leaves.principal.values(),
    all: () => all.values(),
    get count() {
      return all.size
    },
  }
}

function madeOf(number: number, kind: Formula['kind'], terms: readonly Formula[], leaf: Leaf | undefined): Own {
  const isGrounded = isGroundedOn(kind, terms, leaf)
  return {
    number,
    kind,
    leaf,
    terms,
    isGrounded,
    parents: noFormulas,
    ands: noFormulas,
    watchers: noFormulas,
    watched: kind === 'and' && isGrounded ? rarestOf(terms) : undefined,
    uses: 0,
    isGone: false,
    slots: undefined,
  }
}

function hashOf(kind: Formula['kind'], terms: readonly Formula[]): number {
  let hash = kind === 'and' ? 1 : kind === 'or' ? 2 : 3
  for (const { number } of terms) hash = hashed(hash, number)
  return hash
}

function isSameList(a: readonly Formula[], b: readonly Formula[]): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}

/** In place: ascending by number, doubles gone. */
function keepEachOnce(some: Formula[]): void {
  some.sort((a, b) => a.number - b.number)
  let size = 1
  for (let at = 1; at < some.length; at++) if (some[at] !== some[size - 1]) some[size++] = some[at]!
  some.length = size
}

function includes(sorted: readonly Formula[], wanted: Formula): boolean {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]!.number < wanted.number) low = middle + 1
    else high = middle
  }
  return sorted[low] === wanted
}

function isGroundedOn(kind: Formula['kind'], terms: readonly Formula[], leaf: Leaf | undefined): boolean {
  if (kind === 'and') return terms.some(term => term.isGrounded)
  return kind === 'or' ? terms.every(term => term.isGrounded) : kind === 'leaf' && leaf?.is !== 'everyone'
}

/** The grounded one with the fewest formulas above it, so that it is found true for the fewest of them in vain. */
function rarestOf(terms: readonly Formula[]): Formula | undefined {
  let rarest: Formula | undefined
  for (const term of terms)
    if (term.isGrounded && !(rarest && countOf(rarest.ands) <= countOf(term.ands))) rarest = term
  return rarest
}

type NamedLeaf = Exclude<Leaf, { readonly is: 'everyone' | 'nobody' }>

/** What tells it from other leaves of its kind; from other values of its key. */
function nameOf(leaf: NamedLeaf): string {
  switch (leaf.is) {
    case 'group':
      return leaf.name
    case 'value':
      return leaf.value
    case 'key':
      return leaf.key
    case 'user':
      return leaf.userid
    case 'principal':
      return `${leaf.integration}:${leaf.kind}`
  }
}
