/**
 * Sets of people, as numbers: small ones are ascending lists, large ones one bit a person, whichever takes less room.
 *
 * `intersection`, `union` and `difference` change nothing and may hand back one of their arguments itself, which spares
 * copies; only the owner of a set may call `addPerson` or `removePerson` on it. Numbers are whole, from 0, below 2^31.
 *
 * Lists are plain arrays: a typed array of more than 64 bytes lies outside the heap, and making one takes ten times as long.
 */

export interface PeopleSet {
  size: number
  /** The numbers, ascending; empty while `bits` is there. */
  list: number[]
  /** Bit n of word n/32 stands for n. */
  bits: Uint32Array | undefined
}

/** INVARIANT: nobody is ever added to this one. */
export const nobody: PeopleSet = newPeopleSet()

/** Below this many a list is as good as bits, whatever the numbers. */
const smallSize = 64

export function newPeopleSet(): PeopleSet {
  return { size: 0, list: [], bits: undefined }
}

/** The set of some numbers, in any order, doubles allowed. */
export function peopleSetOf(numbers: Iterable<number>): PeopleSet {
  const sorted = [...numbers].sort((a, b) => a - b)
  let size = 0
  for (const number of sorted) {
    if (size === 0 || sorted[size - 1] !== number) sorted[size++] = number
  }
  sorted.length = size
  return fromList(sorted)
}

export function copyOf({ size, list, bits }: PeopleSet): PeopleSet {
  return bits ? { size, list: [], bits: bits.slice() } : { size, list: list.slice(), bits }
}

export function hasPerson({ list, bits }: PeopleSet, number: number): boolean {
  if (bits) return ((bits[number >>> 5] ?? 0) & (1 << (number & 31))) !== 0
  return list[placeOf(list, number)] === number
}

/** Whether it was not there yet. */
export function addPerson(set: PeopleSet, number: number): boolean {
  const { size, list, bits } = set
  if (bits) return addBit(set, bits, number)
  if (size === 0 || list[size - 1]! < number) list.push(number)
  else {
    const at = placeOf(list, number)
    if (list[at] === number) return false
    list.splice(at, 0, number)
  }
  set.size++
  if (isDense(set.size, list[set.size - 1]!)) turnIntoBits(set)
  return true
}

/** Whether it was there. */
export function removePerson(set: PeopleSet, number: number): boolean {
  if (!hasPerson(set, number)) return false
  set.size--
  if (set.bits) {
    set.bits[number >>> 5]! &= ~(1 << (number & 31))
    // Half as many as it takes to become bits, so that a set on the border does not turn to and fro.
    if (set.size * 4 < set.bits.length) turnIntoList(set)
  } else set.list.splice(placeOf(set.list, number), 1)
  return true
}

export function intersection(a: PeopleSet, b: PeopleSet): PeopleSet {
  if (a === b) return a
  if (a.size === 0 || b.size === 0) return nobody
  if (a.bits && b.bits) return reuse(combined(a.bits, b.bits, 'and'), a, b)
  if (a.bits || (!b.bits && b.size < a.size)) return intersection(b, a)
  return filtered(a, b, true)
}

export function union(a: PeopleSet, b: PeopleSet): PeopleSet {
  if (a === b || b.size === 0) return a
  if (a.size === 0) return b
  if (a.bits && b.bits) return reuse(combined(a.bits, b.bits, 'or'), a, b)
  if (a.bits || b.bits) {
    const [large, small] = a.bits ? [a, b] : [b, a]
    const missing = filtered(small, large, false)
    if (missing.size === 0) return large
    const found = copyOf(large)
    for (const number of missing.list) addPerson(found, number)
    return found
  }
  return reuse(merged(a, b), a, b)
}

/** Those of `a` who are not in `b`. */
export function difference(a: PeopleSet, b: PeopleSet): PeopleSet {
  if (a === b) return nobody
  if (a.size === 0 || b.size === 0) return a
  if (!a.bits) return filtered(a, b, false)
  if (b.bits) return reuse(combined(a.bits, b.bits, 'but not'), a, a)
  const gone = filtered(b, a, true)
  if (gone.size === 0) return a
  const found = copyOf(a)
  for (const number of gone.list) removePerson(found, number)
  return found
}

/** The union of many, in time that grows with their sizes only. */
export function unionOf(sets: readonly PeopleSet[]): PeopleSet {
  return anyAndEvery(sets, [])
}

/** Who is in any of the first and in every one of the second: the shape of all entitlements. */
export function anyAndEvery(any: readonly PeopleSet[], every: readonly PeopleSet[]): PeopleSet {
  let most = 0
  for (const { size } of any) most += size
  if (most === 0 || every.some(({ size }) => size === 0)) return nobody
  if (most <= smallSize || any.length + every.length <= 2) return every.reduce(intersection, any.reduce(union, nobody))
  const words = gather(any)
  for (const set of every) keepOnly(set, words)
  return takeGathered(words)
}

/** Whether both hold the same numbers. */
export function isSamePeople(a: PeopleSet, b: PeopleSet): boolean {
  return a === b || (a.size === b.size && countShared(a, b) === a.size)
}

/** How many are in both, without making a set of them. */
export function countShared(a: PeopleSet, b: PeopleSet): number {
  if (a === b) return a.size
  if (a.size === 0 || b.size === 0) return 0
  if (a.bits && b.bits) return countOf(a.bits, Math.min(a.bits.length, b.bits.length), b.bits)
  if (a.bits || (!b.bits && b.size < a.size)) return countShared(b, a)
  let count = 0
  for (const number of a.list) if (hasPerson(b, number)) count++
  return count
}

/** How many of `a` are in `within` and not in `b`, without making a set of them. */
export function countOnly(a: PeopleSet, b: PeopleSet, within: PeopleSet): number {
  return a === b ? 0 : countShared(a, within) - countInAll(a, b, within)
}

/** Calls for whoever is in one of the two and not in the other. */
export function forEachDiffering(a: PeopleSet, b: PeopleSet, call: (number: number, isInFirst: boolean) => void): void {
  if (a.bits && b.bits) forEachDifferingBit(a.bits, b.bits, call)
  else {
    for (const number of numbersOf(a)) if (!hasPerson(b, number)) call(number, true)
    for (const number of numbersOf(b)) if (!hasPerson(a, number)) call(number, false)
  }
}

/** Ascending. The set's own list or a copy: not to be written to, and not to be kept beyond the next change of the set. */
export function numbersOf({ size, list, bits }: PeopleSet): readonly number[] {
  return bits ? listOf(bits, bits.length, size) : list
}

export function bytesOf({ list, bits }: PeopleSet): number {
  return bits ? bits.byteLength : 8 * list.length
}

/** The first place in the list whose number is not below this one. */
function placeOf(list: readonly number[], number: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (list[middle]! < number) low = middle + 1
    else high = middle
  }
  return low
}

/** Whether bits up to the last number take less room than eight bytes a number. */
function isDense(size: number, last: number): boolean {
  return size > smallSize && size * 64 > last
}

function addBit(set: PeopleSet, bits: Uint32Array, number: number): boolean {
  const word = number >>> 5
  if (word >= bits.length) {
    set.bits = new Uint32Array(word + 1 + (word >> 3))
    set.bits.set(bits)
  }
  const mask = 1 << (number & 31)
  if ((set.bits![word]! & mask) !== 0) return false
  set.bits![word]! |= mask
  set.size++
  return true
}

function turnIntoBits(set: PeopleSet): void {
  const bits = new Uint32Array((set.list[set.size - 1]! >>> 5) + 1)
  for (const number of set.list) bits[number >>> 5]! |= 1 << (number & 31)
  set.bits = bits
  set.list = []
}

function turnIntoList(set: PeopleSet): void {
  set.list = listOf(set.bits!, set.bits!.length, set.size)
  set.bits = undefined
}

function countInAll(a: PeopleSet, b: PeopleSet, c: PeopleSet): number {
  if (a.bits && b.bits && c.bits) {
    return countOf(a.bits, Math.min(a.bits.length, b.bits.length, c.bits.length), b.bits, c.bits)
  }
  if (a.bits) return b.bits ? countInAll(c, a, b) : countInAll(b, a, c)
  let count = 0
  for (const number of a.list) if (hasPerson(b, number) && hasPerson(c, number)) count++
  return count
}

function forEachDifferingBit(a: Uint32Array, b: Uint32Array, call: (number: number, isInFirst: boolean) => void): void {
  const words = Math.max(a.length, b.length)
  for (let word = 0; word < words; word++) {
    const ours = word < a.length ? a[word]! : 0
    const theirs = word < b.length ? b[word]! : 0
    for (let rest = ours ^ theirs; rest !== 0; rest &= rest - 1) {
      const bit = rest & -rest
      call((word << 5) + 31 - Math.clz32(bit), (ours & bit) !== 0)
    }
  }
}

/** The numbers of the first so many words, of which there are `size`. */
function listOf(bits: Uint32Array, words: number, size: number): number[] {
  const numbers = new Array<number>(size)
  let at = 0
  for (let word = 0; word < words; word++) {
    for (let rest = bits[word]!; rest !== 0; rest &= rest - 1) {
      numbers[at++] = (word << 5) + 31 - Math.clz32(rest & -rest)
    }
  }
  return numbers
}

function fromList(list: number[]): PeopleSet {
  const size = list.length
  if (size === 0) return nobody
  const set: PeopleSet = { size, list, bits: undefined }
  if (isDense(size, list[size - 1]!)) turnIntoBits(set)
  return set
}

function fromBits(bits: Uint32Array): PeopleSet {
  const set: PeopleSet = { size: countOf(bits, bits.length), list: [], bits }
  if (set.size === 0) return nobody
  if (set.size <= smallSize || set.size * 2 < bits.length) turnIntoList(set)
  return set
}

/** One of the arguments in place of a copy that holds the same. */
function reuse(found: PeopleSet, a: PeopleSet, b: PeopleSet): PeopleSet {
  if (found.size === a.size) return a
  return found.size === b.size ? b : found
}

/** The members of a small set that are, or are not, in another one; the small set itself where that is all of them. */
function filtered(small: PeopleSet, other: PeopleSet, isIn: boolean): PeopleSet {
  const { list, size } = small
  let kept = 0
  while (kept < size && hasPerson(other, list[kept]!) === isIn) kept++
  if (kept === size) return small
  const found = list.slice(0, kept)
  for (let at = kept + 1; at < size; at++) {
    if (hasPerson(other, list[at]!) === isIn) found.push(list[at]!)
  }
  return fromList(found)
}

function merged({ list: a }: PeopleSet, { list: b }: PeopleSet): PeopleSet {
  const found = new Array<number>(a.length + b.length)
  let [atA, atB, size] = [0, 0, 0]
  while (atA < a.length && atB < b.length) {
    const [x, y] = [a[atA]!, b[atB]!]
    found[size++] = Math.min(x, y)
    if (x <= y) atA++
    if (y <= x) atB++
  }
  while (atA < a.length) found[size++] = a[atA++]!
  while (atB < b.length) found[size++] = b[atB++]!
  found.length = size
  return fromList(found)
}

function combined(a: Uint32Array, b: Uint32Array, how: 'and' | 'or' | 'but not'): PeopleSet {
  const length = how === 'and' ? Math.min(a.length, b.length) : how === 'or' ? Math.max(a.length, b.length) : a.length
  const shared = Math.min(a.length, b.length)
  const found = new Uint32Array(length)
  found.set(a.length > length ? a.subarray(0, length) : a)
  if (how === 'and') for (let word = 0; word < shared; word++) found[word]! &= b[word]!
  else if (how === 'or') for (let word = 0; word < shared; word++) found[word]! |= b[word]!
  else for (let word = 0; word < shared; word++) found[word]! &= ~b[word]!
  if (how === 'or' && b.length > shared) found.set(b.subarray(shared), shared)
  return fromBits(found)
}

// Large unions and intersections go through one buffer: making a new one for each step costs more than the step.
// INVARIANT: all zero between two calls; nothing in between calls anything else.
let gathered = new Uint32Array(0)

/** How many words of the buffer are in use. */
function gather(sets: readonly PeopleSet[]): number {
  let words = 0
  for (const { bits, list, size } of sets) words = Math.max(words, bits?.length ?? ((list[size - 1] ?? 0) >>> 5) + 1)
  if (gathered.length < words) gathered = new Uint32Array(words * 2)
  for (const { bits, list } of sets) {
    if (bits) for (let word = 0; word < bits.length; word++) gathered[word]! |= bits[word]!
    else for (const number of list) gathered[number >>> 5]! |= 1 << (number & 31)
  }
  return words
}

function keepOnly({ bits, list }: PeopleSet, words: number): void {
  if (bits) {
    const shared = Math.min(bits.length, words)
    for (let word = 0; word < shared; word++) gathered[word]! &= bits[word]!
    gathered.fill(0, shared, words)
    return
  }
  const kept: number[] = []
  for (const number of list) {
    if (number >>> 5 < words && (gathered[number >>> 5]! & (1 << (number & 31))) !== 0) kept.push(number)
  }
  gathered.fill(0, 0, words)
  for (const number of kept) gathered[number >>> 5]! |= 1 << (number & 31)
}

function takeGathered(words: number): PeopleSet {
  let last = words - 1
  while (last >= 0 && gathered[last] === 0) last--
  const size = countOf(gathered, last + 1)
  if (size === 0) return nobody
  const isLarge = isDense(size, (last << 5) + 31 - Math.clz32(gathered[last]!))
  const found: PeopleSet = isLarge
    ? { size, list: [], bits: gathered.slice(0, last + 1) }
    : { size, list: listOf(gathered, last + 1, size), bits: undefined }
  gathered.fill(0, 0, words)
  return found
}

/** Of the first so many words; only what is in the others too. */
function countOf(bits: Uint32Array, words: number, and: Uint32Array = bits, also: Uint32Array = and): number {
  let count = 0
  for (let at = 0; at < words; at++) {
    let word = bits[at]! & and[at]! & also[at]!
    word -= (word >>> 1) & 0x55555555
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333)
    count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
  }
  return count
}
