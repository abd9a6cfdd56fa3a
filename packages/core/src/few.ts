/**
 * Sets that mostly hold one thing or two: a list while they are few, a `Set` when they are not.
 *
 * A `Set` of one takes three times the room of a list of one, and there are several for every formula. What `withOne`
 * and `withoutOne` are given is theirs from then on, and what they answer takes its place.
 */
export type Few<Item> = readonly Item[] | ReadonlySet<Item>

/** INVARIANT: nothing is ever added to this one. */
export const none: readonly never[] = []

export function withOne<Item>(some: Few<Item>, item: Item): Few<Item> {
  if (!isList(some)) return (some as Set<Item>).add(item)
  if (some === none) return [item]
  if (some.includes(item)) return some
  if (some.length === mostInList) return new Set(some).add(item)
  // Made anew: a list that grows in place reserves room for sixteen more.
  return [...some, item]
}

export function withoutOne<Item>(some: Few<Item>, item: Item): Few<Item> {
  if (!isList(some)) {
    ;(some as Set<Item>).delete(item)
    return some.size === 0 ? none : some
  }
  const at = some.indexOf(item)
  if (at === -1) return some
  if (some.length === 1) return none
  ;(some as Item[]).splice(at, 1)
  return some
}

export function countOf(some: Few<unknown>): number {
  return isList(some) ? some.length : some.size
}

const mostInList = 8

function isList<Item>(some: Few<Item>): some is readonly Item[] {
  return Array.isArray(some)
}
