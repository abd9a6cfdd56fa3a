/**
 * A short text that differs when somebody else gains or loses: to tell whether a preview still holds.
 *
 * Not a seal: 128 bits of mixing, no cryptography. Whoever could forge it could as well ask for another preview.
 */
import type { EntitlementIndex } from './entitlement-index.ts'
import { nobody, numbersOf, type PeopleSet } from './people-set.ts'
import type { Moved } from './preview.ts'

type Lanes = readonly [number, number, number, number]

/** By ids, so that it does not matter how the index numbers people; `moved` by data source. */
export function digestOf({ facts }: EntitlementIndex, moved: readonly Moved[]): string {
  const known = new Map<PeopleSet, Lanes>([[nobody, [0, 0, 0, 0]]])
  // Four lanes a person, once they are asked for: most people are in thousands of the sets.
  const lanes = new Int32Array(4 * facts.count)
  const isThere = new Uint8Array(facts.count)
  function find(number: number): void {
    const id = facts.idOf(number)
    const [low, high] = [id | 0, Math.floor(id / 2 ** 32) | 0]
    const first = stirred(low ^ Math.imul(high, 0x2545f491), 0x85ebca6b)
    const second = stirred(first + high, 0xc2b2ae35)
    lanes.set([first, second, Math.imul(first, second | 1), first ^ (second >>> 7)], 4 * number)
    isThere[number] = 1
  }
  function ofPeople(people: PeopleSet): Lanes {
    const same = known.get(people)
    if (same) return same
    // Sums, since a set has no order: each lane of every person's own four.
    let [w, x, y, z] = [0, 0, 0, 0]
    for (const number of numbersOf(people)) {
      if (isThere[number] === 0) find(number)
      const at = 4 * number
      w = (w + lanes[at]!) | 0
      x = (x + lanes[at + 1]!) | 0
      y = (y + lanes[at + 2]!) | 0
      z = (z + lanes[at + 3]!) | 0
    }
    const made: Lanes = [w ^ people.size, x, y, z]
    known.set(people, made)
    return made
  }

  let digest = seed
  for (const { source, gained, lost, raised, lowered } of moved) {
    digest = mixed(digest, [source.id])
    for (const people of [gained, lost, raised, lowered]) digest = mixed(digest, ofPeople(people))
  }
  return digest.map(lane => lane.toString(16).padStart(8, '0')).join('')
}

const seed: Lanes = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344]

/** Four lanes of murmur-like mixing, each with its own odd factors; every lane sees every number. */
function mixed([a, b, c, d]: Lanes, numbers: readonly number[]): Lanes {
  let [w, x, y, z] = [a, b, c, d]
  for (const number of numbers) {
    // Ids may lie above 2^32.
    const [low, high] = [number | 0, Math.floor(number / 2 ** 32) | 0]
    w = stirred(w ^ low, 0x85ebca6b) ^ high
    x = stirred(x + low, 0xc2b2ae35) ^ w
    y = stirred(y ^ x ^ low, 0x27d4eb2f) + high
    z = stirred(z + y + low, 0x165667b1)
  }
  return [w >>> 0, x >>> 0, y >>> 0, z >>> 0]
}

function stirred(value: number, factor: number): number {
  const once = Math.imul(value ^ (value >>> 15), factor)
  return Math.imul(once ^ (once >>> 13), 0x9e3779b1) ^ (once >>> 16)
}
