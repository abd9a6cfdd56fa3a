/**
 * Step 2 of the line: who a formula lets in, as a set of people.
 *
 * Computed by set algebra over the lists of the fact index, once per formula, and kept until a change touches it or
 * the room for it runs out. The same algebra answers for a few people as for everybody. Knows no members and no clock.
 */
import type { FactIndex } from './fact-index.ts'
import type { Formula } from './formula.ts'
import {
  addPerson,
  bytesOf,
  copyOf,
  difference,
  hasPerson,
  intersection,
  nobody,
  numbersOf,
  type PeopleSet,
  removePerson,
  union,
  unionOf,
} from './people-set.ts'

export interface Audiences {
  /** Everybody for whom the formula holds. Read it at once: the set is this module's own and changes with the facts. */
  of(formula: Formula): PeopleSet
  /**
   * Those of some enabled people for whom each formula holds, shared parts computed once. What `said` answers for a
   * formula stands in place of what the facts say.
   */
  within(people: PeopleSet, said?: (formula: Formula) => PeopleSet | undefined): (formula: Formula) => PeopleSet
  /** Brings what is kept up to date after a change that concerned only these people and formulas. */
  renew(formulas: Iterable<Formula>, people: PeopleSet): void
  forget(formula: Formula): void
  bytes(): number
}

/** `roomBytes` bounds what is kept; beyond it everything is let go and computed anew when asked for. */
export function audiences(facts: FactIndex, { roomBytes = 512 * 2 ** 20 } = {}): Audiences {
  const kept = new Map<Formula, PeopleSet>()
  let bytes = 0
  let askers = 0

  function of(formula: Formula): PeopleSet {
    if (formula.leaf?.is === 'everyone') return facts.enabled
    if (formula.leaf?.is === 'nobody') return nobody
    const known = kept.get(formula)
    if (known) return known
    // A copy: the lists of facts change in place, and so does what is kept.
    const found = copyOf(evaluated(formula, facts.enabled, of))
    const size = setBytes + bytesOf(found)
    if (bytes + size > roomBytes) forgetAll()
    kept.set(formula, found)
    bytes += size
    return found
  }

  function evaluated(formula: Formula, within: PeopleSet, ask: (term: Formula) => PeopleSet): PeopleSet {
    switch (formula.kind) {
      case 'leaf':
        return facts.leafPeople(formula.leaf!, within)
      case 'not':
        return difference(within, ask(formula.terms[1]!))
      case 'or':
        return within.size > fewPeople ? unionOf(formula.terms.map(ask)) : anyTerm(formula.terms, within, ask)
      case 'and':
        return everyTerm(formula.terms, within, ask)
    }
  }

  function within(
    people: PeopleSet,
    said?: (formula: Formula) => PeopleSet | undefined,
  ): (formula: Formula) => PeopleSet {
    if (people.size === 0) return () => nobody
    return people.size > fewPeople ? askMany(people, said) : askFew(people, said)
  }

  function askMany(people: PeopleSet, said?: (formula: Formula) => PeopleSet | undefined) {
    const answers = new Map<Formula, PeopleSet>()
    function ask(formula: Formula): PeopleSet {
      const known = answers.get(formula)
      if (known) return known
      const found = said?.(formula) ?? lasting(formula, evaluated(formula, people, ask), people)
      answers.set(formula, found)
      return found
    }
    return ask
  }

  /** Answers stand at the formulas, for the last two who asked; whoever finds theirs gone works them out again. */
  function askFew(people: PeopleSet, said?: (formula: Formula) => PeopleSet | undefined) {
    const asker = ++askers
    const place = asker & 1
    function ask(formula: Formula): PeopleSet {
      formula.slots ??= [
        { asker: 0, answer: nobody },
        { asker: 0, answer: nobody },
      ]
      const slot = formula.slots[place]!
      if (slot.asker === asker) return slot.answer
      const found = said?.(formula) ?? lasting(formula, evaluated(formula, people, ask), people)
      slot.asker = asker
      slot.answer = found
      return found
    }
    return ask
  }

  function renew(formulas: Iterable<Formula>, people: PeopleSet): void {
    const ask = within(intersection(people, facts.enabled))
    for (const formula of formulas) {
      const known = kept.get(formula)
      if (!known) continue
      if (people.size > fewPeople) forget(formula)
      else {
        bytes -= bytesOf(known)
        const now = ask(formula)
        for (const number of numbersOf(people)) {
          if (hasPerson(now, number)) addPerson(known, number)
          else removePerson(known, number)
        }
        bytes += bytesOf(known)
      }
    }
  }

  function forget(formula: Formula): void {
    const known = kept.get(formula)
    if (!known) return
    bytes -= setBytes + bytesOf(known)
    kept.delete(formula)
  }

  function forgetAll(): void {
    kept.clear()
    bytes = 0
  }

  return { of, within, renew, forget, bytes: () => bytes }
}

/** More changed people than this make computing anew, when asked for, the cheaper way. */
const fewPeople = 256

/** Roughly what a set and its place among the kept ones take besides its numbers. */
const setBytes = 300

function everyTerm(terms: readonly Formula[], within: PeopleSet, ask: (term: Formula) => PeopleSet): PeopleSet {
  if (within.size <= fewPeople) return everyTermInTurn(terms, within, ask)
  const [wanted, refused] = [terms.filter(({ kind }) => kind !== 'not'), terms.filter(({ kind }) => kind === 'not')]
  let found = within
  for (const set of wanted.map(ask).sort((a, b) => a.size - b.size)) found = intersection(found, set)
  for (const {
    terms: [, term],
  } of refused) {
    if (found.size === 0) break
    found = difference(found, ask(term!))
  }
  return found
}

/** For a few people: stops at the first term that leaves nobody. */
function everyTermInTurn(terms: readonly Formula[], within: PeopleSet, ask: (term: Formula) => PeopleSet): PeopleSet {
  let found = within
  for (const term of terms) {
    found = intersection(found, ask(term))
    if (found.size === 0) break
  }
  return found
}

/** For a few people: stops at the first term that leaves nobody out. */
function anyTerm(terms: readonly Formula[], within: PeopleSet, ask: (term: Formula) => PeopleSet): PeopleSet {
  let found = nobody
  for (const term of terms) {
    found = union(found, ask(term))
    if (found.size === within.size) break
  }
  return found
}

/** The lists of facts change in place; an answer about some people has to last. */
function lasting(formula: Formula, found: PeopleSet, people: PeopleSet): PeopleSet {
  return formula.kind === 'leaf' && found !== people && found.size > 0 ? copyOf(found) : found
}
