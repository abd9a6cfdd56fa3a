/**
 * Which formulas become true or false for some people when a few leaves do, without asking every formula above them.
 *
 * A leaf under NOT may stand in thousands of formulas of which one person meets five: those are found from below, from
 * what holds for the person. Both askers have to answer for the same leaves, before and after.
 */
import { countOf } from './few.ts'
import type { Formula } from './formula.ts'
import { isSamePeople, type PeopleSet } from './people-set.ts'

export interface ReachOfChange {
  /** Formulas that are not true for the same people any more. */
  readonly changed: readonly Formula[]
  /** The grounded formulas that hold, or held, for somebody. */
  grounded(): readonly Formula[]
}

type Ask = (formula: Formula) => PeopleSet

/** `changedLeaves` changed; `trueLeaves` are all others that hold for somebody. */
export function reachOfChange(
  changedLeaves: readonly Formula[],
  trueLeaves: () => readonly Formula[],
  before: Ask,
  after: Ask,
): ReachOfChange {
  let holding: readonly Formula[] | undefined
  function grounded(): readonly Formula[] {
    holding ??= climbed([...changedLeaves, ...trueLeaves()], before, after)
    return holding
  }

  const changed = new Set(changedLeaves)
  function look(formula: Formula): void {
    if (!changed.has(formula) && !isSamePeople(before(formula), after(formula))) changed.add(formula)
  }
  // A set is walked to its end, what is added on the way included.
  for (const formula of changed) {
    for (const parent of formula.parents) look(parent)
    if (countOf(formula.ands) <= fewFormulas) for (const parent of formula.ands) look(parent)
    else {
      for (const one of grounded()) {
        for (const parent of one.watchers) if (parent.terms.includes(formula)) look(parent)
      }
    }
  }
  return { changed: [...changed], grounded }
}

/** Up to this many are asked rather than looked for. */
const fewFormulas = 64

/**
 * The grounded formulas that hold, or held, for somebody, from the leaves that do.
 *
 * INVARIANT: an `and` that holds has all its terms hold, so it is found at the one that it watches.
 */
export function climbed(leaves: readonly Formula[], before: Ask, after: Ask = before): Formula[] {
  const found = new Set<Formula>()
  function look(formula: Formula): void {
    if (formula.isGrounded && (before(formula).size > 0 || after(formula).size > 0)) found.add(formula)
  }
  for (const leaf of leaves) look(leaf)
  for (const formula of found) {
    for (const parent of formula.parents) if (parent.kind !== 'not') look(parent)
    for (const parent of formula.watchers) look(parent)
  }
  return [...found]
}

/** The formula itself and every one that it is a part of. */
export function allAbove(formula: Formula): ReadonlySet<Formula> {
  const found = new Set([formula])
  for (const one of found)
    for (const parents of [one.parents, one.ands]) for (const parent of parents) found.add(parent)
  return found
}
