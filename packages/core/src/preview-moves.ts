/**
 * Who would gain and who would lose, kept beyond the moment: what a later change is held against.
 *
 * By ids and scopes, so that it does not matter how an index numbers people, nor which number a data source that is
 * registered once more is given.
 */
import type { EntitlementIndex } from './entitlement-index.ts'
import type { UserId } from './facts.ts'
import { onceForTwo } from './once-for-two.ts'
import { difference, numbersOf, type PeopleSet, peopleSetOf, union, unionOf } from './people-set.ts'
import type { Moved, Supposed } from './preview.ts'
import { printScope } from './scope.ts'

/** Plain JSON. */
export interface Moves {
  /** Sets of people by id, ascending; equal sets of many data sources stand here once. */
  readonly people: readonly (readonly number[])[]
  /** By integration and scope: who gains anything and who loses anything there, as places in `people`. */
  readonly dataSources: Readonly<Record<string, readonly [gaining: number, losing: number]>>
}

/** @returns undefined where it would hold more than `most` people and data sources in all */
export function movesOf({ index, moved }: Supposed, most: number): Moves | undefined {
  const directions = directionsByKey(moved)
  const sets = new Set<PeopleSet>()
  for (const { gaining, losing } of directions.values()) sets.add(gaining).add(losing)
  let room = most - moved.length
  for (const { size } of sets) room -= size
  // Counted before anything is written out.
  if (room < 0) return undefined
  const places = new Map(Array.from(sets, (set, place) => [set, place]))
  const dataSources: Record<string, readonly [number, number]> = {}
  for (const [key, { gaining, losing }] of directions) dataSources[key] = [places.get(gaining)!, places.get(losing)!]
  return { people: Array.from(sets, set => idsOf(index, set)), dataSources }
}

function idsOf({ facts }: EntitlementIndex, people: PeopleSet): number[] {
  return Array.from(numbersOf(people), number => facts.idOf(number)).sort((a, b) => a - b)
}

/** How many people would gain or lose something that is not among what was shown. */
export function beyond(
  { index, moved }: Supposed,
  shown: Moves,
): { readonly gaining: number; readonly losing: number } {
  const known = new Map<number, PeopleSet>()
  function shownAt(place: number | undefined): PeopleSet {
    const set = known.get(place ?? -1) ?? numbered(index, shown.people[place ?? -1] ?? [])
    known.set(place ?? -1, set)
    return set
  }
  const gaining = new Set<PeopleSet>()
  const losing = new Set<PeopleSet>()
  for (const [key, now] of directionsByKey(moved)) {
    const places = shown.dataSources[key]
    gaining.add(difference(now.gaining, shownAt(places?.[0])))
    losing.add(difference(now.losing, shownAt(places?.[1])))
  }
  return { gaining: unionOf([...gaining]).size, losing: unionOf([...losing]).size }
}

function numbered({ facts }: EntitlementIndex, ids: readonly number[]): PeopleSet {
  return peopleSetOf(ids.flatMap(id => facts.findPerson(id as UserId)?.number ?? []))
}

interface Directions {
  readonly gaining: PeopleSet
  readonly losing: PeopleSet
}

/** One that goes and one that comes in its place are the same place. */
function directionsByKey(moved: Supposed['moved']): Map<string, Directions> {
  const found = new Map<string, Directions>()
  const directionsOf = directions()
  for (const one of moved) {
    const key = keyOf(one)
    const [there, here] = [found.get(key), directionsOf(one)]
    const both = there && { gaining: union(there.gaining, here.gaining), losing: union(there.losing, here.losing) }
    found.set(key, both ?? here)
  }
  return found
}

/** Another level is a gain or a loss as well. Data sources that share their sets go on sharing them. */
function directions(): (one: Moved) => Directions {
  const known = onceForTwo<PeopleSet, PeopleSet, PeopleSet>()
  const both = (a: PeopleSet, b: PeopleSet) => known(a, b, () => union(a, b))
  return ({ gained, raised, lost, lowered }) => ({ gaining: both(gained, raised), losing: both(lost, lowered) })
}

function keyOf({ source: { row } }: Moved): string {
  return `${row.integration} ${printScope(row.scope)}`
}
