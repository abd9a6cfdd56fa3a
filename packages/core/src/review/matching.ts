/**
 * Which of some things can be given to different people, each to somebody who takes it: the largest matching of a
 * bipartite graph, by augmenting paths. Never greedy: who was given one thing may be moved to another.
 */

/** @param takes for each person, the things (from 0) that they take */
export function largestMatching(takes: readonly (readonly number[])[]): ReadonlyMap<number, number> {
  /** Thing → person. */
  const given = new Map<number, number>()

  function place(person: number, tried: Set<number>): boolean {
    for (const thing of takes[person] ?? []) {
      if (tried.has(thing)) continue
      tried.add(thing)
      const holder = given.get(thing)
      if (holder !== undefined && !place(holder, tried)) continue
      given.set(thing, person)
      return true
    }
    return false
  }

  for (const person of takes.keys()) place(person, new Set())
  return given
}
