/**
 * A short text that differs when somebody else gains or loses: to tell whether a preview still holds.
 *
 * Not a seal: 128 bits of mixing, no cryptography. Whoever could forge it could as well ask for another preview.
 */
import type { EntitlementIndex } from './entitlement-index.ts'
import type { FactIndex } from './fact-index.ts'
import { forEachDiffering, nobody, type PeopleSet } from './people-set.ts'
import type { Moved } from './preview.ts'
import { printScope } from './scope.ts'

/** Four numbers of 32 bits; in an array, since variables of closures would box them. */
type Lanes = Int32Array

/**
 * People by ids, so that it does not matter how the index numbers them. Data sources by where they lie: one that is not there
 * yet gets another id in each preview. `moved` by data source.
 */
export function digestOf({ facts }: EntitlementIndex, moved: readonly Moved[]): string {
  const sumOf = sums(facts)
  const digest = Int32Array.of(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344)
  for (const { source, gained, lost, raised, lowered } of moved) {
    mix(digest, source.row.integration)
    mixText(digest, printScope(source.row.scope))
    mixAll(digest, sumOf(gained), gained.size)
    mixAll(digest, sumOf(lost), lost.size)
    mixAll(digest, sumOf(raised), raised.size)
    mixAll(digest, sumOf(lowered), lowered.size)
  }
  return Array.from(digest, lane => (lane >>> 0).toString(16).padStart(8, '0')).join('')
}

/** Sums over people, since a set has no order: of each person's own four lanes. */
function sums(facts: FactIndex): (people: PeopleSet) => Lanes {
  const known = new Map<PeopleSet, Lanes>()
  // Once a person is asked for: most people are in thousands of the sets.
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
  // From the last large set on: a policy over everything moves nearly the same people on one data source as on the next.
  let [last, ofLast]: [PeopleSet, Lanes] = [nobody, new Int32Array(4)]
  return people => {
    const same = known.get(people)
    if (same) return same
    const sum = people.bits ? ofLast.slice() : new Int32Array(4)
    forEachDiffering(people, people.bits ? last : nobody, (number, comes) => {
      if (isThere[number] === 0) find(number)
      const at = 4 * number
      for (let lane = 0; lane < 4; lane++) sum[lane]! += comes ? lanes[at + lane]! : -lanes[at + lane]!
    })
    known.set(people, sum)
    if (people.bits) [last, ofLast] = [people, sum]
    return sum
  }
}

function mixAll(digest: Lanes, sum: Lanes, size: number): void {
  mix(digest, size)
  for (let lane = 0; lane < 4; lane++) mix(digest, sum[lane]!)
}

function mixText(digest: Lanes, text: string): void {
  mix(digest, text.length)
  // Two of sixteen bits at once.
  for (let at = 0; at < text.length; at += 2) mix(digest, text.charCodeAt(at) * 65_536 + (text.charCodeAt(at + 1) || 0))
}

/** Murmur-like, each lane with its own odd factors; every lane sees every number. */
function mix(digest: Lanes, number: number): void {
  // Ids may lie above 2^32.
  const [low, high] = [number | 0, Math.floor(number / 2 ** 32) | 0]
  const w = stirred(digest[0]! ^ low, 0x85ebca6b) ^ high
  const x = stirred(digest[1]! + low, 0xc2b2ae35) ^ w
  const y = stirred(digest[2]! ^ x ^ low, 0x27d4eb2f) + high
  digest[3] = stirred(digest[3]! + y + low, 0x165667b1)
  digest[0] = w
  digest[1] = x
  digest[2] = y
}

function stirred(value: number, factor: number): number {
  const once = Math.imul(value ^ (value >>> 15), factor)
  return Math.imul(once ^ (once >>> 13), 0x9e3779b1) ^ (once >>> 16)
}
