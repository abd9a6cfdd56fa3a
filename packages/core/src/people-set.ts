/**
 * Sets of people, as numbers: small ones are ascending lists, large ones one bit a person, whichever takes less room.
 *
 * `intersection`, `union` and `difference` change nothing and may hand back one of their arguments itself, which spares
 * copies; only the owner of a set may call `addPerson` or `removePerson` on it. Numbers are whole, from 0, below 2^31.
 */

export interface PeopleSet {
  size: number
  /** The first `size` are the numbers, ascending; unused while `bits` is there. */
  list: Uint32Array
  /** Bit n of word n/32 stands for n. */
  bits: Uint32Array | undefined
}

const noNumbers = new Uint32Array(0)

/** INVARIANT: nobody is ever added to this one. */
export const nobody: PeopleSet = newPeopleSet()

/** Below this many a list is as good as bits, whatever the numbers. */
const smallSize = 64

export function newPeopleSet(): PeopleSet {
  return { size: 0, list: noNumbers, bits: undefined }
}

/** The set of some numbers, in any order, doubles allowed. */
export function peopleSetOf(numbers: Iterable<number>): PeopleSet {
  const sorted = Uint32Array.from(numbers).sort()
  let size = 0
  for (const number of sorted) {
    if (size === 0 || sorted[size - 1] !== number) sorted[size++] = number
  }
  return fromList(sorted, size)
}

export function copyOf({ size, list, bits }: PeopleSet): PeopleSet {
  return { size, list: bits ? noNumbers : list.slice(0, size), bits: bits?.slice() }
}

export function hasPerson({ size, list, bits }: PeopleSet, number: number): boolean {
  if (bits) return ((bits[number >>> 5] ?? 0) & (1 << (number & 31))) !== 0
  const at = placeOf(list, size, number)
  return at < size && list[at] === number
}

/** Whether it was not there yet. */
export function addPerson(set: PeopleSet, number: number): boolean {
  if (set.bits) return addBit(set, set.bits, number)
  const { size, list } = set
  const at = size > 0 && list[size - 1]! < number ? size : placeOf(list, size, number)
  if (at < size && list[at] === number) return false
  if (size === list.length) {
    set.list = new Uint32Array(size === 0 ? 1 : size + (size >> 1) + 1)
    set.list.set(list)
  }
  set.list.copyWithin(at + 1, at, size)
  set.list[at] = number
  set.size++
  if (isDense(set.size, set.list[set.size - 1]!)) turnIntoBits(set)
  return true
}

/** Whether it was there. */
export function removePerson(set: PeopleSet, number: number): boolean {
  if (!hasPerson(set, number)) return false
  set.size--
  if (set.bits) {
    set.bits[number >>> 5]! &= ~(1 << (number & 31))
    // Half as many as it takes to become bits, so that a set on the border does not turn to and fro.
    if (set.size * 64 < set.bits.length * 32) turnIntoList(set)
  } else {
    set.list.copyWithin(
      placeOf(set.list, set.size + 1, number),
      placeOf(set.list, set.size + 1, number) + 1,
      set.size + 1,
    )
  }
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
    for (let at = 0; at < missing.size; at++) addPerson(found, missing.list[at]!)
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
  for (let at = 0; at < gone.size; at++) removePerson(found, gone.list[at]!)
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
  return a === b || (a.size === b.size && intersection(a, b).size === a.size)
}

/** Ascending. A view or a copy: not to be written to, and not to be kept beyond the next change of the set. */
export function numbersOf({ size, list, bits }: PeopleSet): Uint32Array {
  if (!bits) return list.subarray(0, size)
  const numbers = new Uint32Array(size)
  let at = 0
  for (let word = 0; word < bits.length; word++) {
    for (let rest = bits[word]!; rest !== 0; rest &= rest - 1) {
      numbers[at++] = (word << 5) + 31 - Math.clz32(rest & -rest)
    }
  }
  return numbers
}

export function bytesOf({ list, bits }: PeopleSet): number {
  return (bits ?? list).byteLength
}

/** The first place in the list whose number is not below this one. */
function placeOf(list: Uint32Array, size: number, number: number): number {
  let low = 0
  let high = size
  while (low < high) {
    const middle = (low + high) >>> 1
    if (list[middle]! < number) low = middle + 1
    else high = middle
  }
  return low
}

function isDense(size: number, last: number): boolean {
  return size > smallSize && size * 32 > last
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
  for (let at = 0; at < set.size; at++) bits[set.list[at]! >>> 5]! |= 1 << (set.list[at]! & 31)
  set.bits = bits
  set.list = noNumbers
}

function turnIntoList(set: PeopleSet): void {
  set.list = numbersOf(set)
  set.bits = undefined
}

function fromList(list: Uint32Array, size: number): PeopleSet {
  if (size === 0) return nobody
  const set: PeopleSet = { size, list, bits: undefined }
  if (isDense(size, list[size - 1]!)) turnIntoBits(set)
  return set
}

function fromBits(bits: Uint32Array): PeopleSet {
  const set: PeopleSet = { size: countOf(bits), list: noNumbers, bits }
  if (set.size === 0) return nobody
  if (set.size <= smallSize || set.size * 64 < bits.length * 32) turnIntoList(set)
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
  const found = new Uint32Array(size - 1)
  found.set(list.subarray(0, kept))
  for (let at = kept + 1; at < size; at++) {
    if (hasPerson(other, list[at]!) === isIn) found[kept++] = list[at]!
  }
  return fromList(found, kept)
}

function merged(a: PeopleSet, b: PeopleSet): PeopleSet {
  const found = new Uint32Array(a.size + b.size)
  let [atA, atB, size] = [0, 0, 0]
  while (atA < a.size && atB < b.size) {
    const [x, y] = [a.list[atA]!, b.list[atB]!]
    found[size++] = Math.min(x, y)
    if (x <= y) atA++
    if (y <= x) atB++
  }
  while (atA < a.size) found[size++] = a.list[atA++]!
  while (atB < b.size) found[size++] = b.list[atB++]!
  return fromList(found, size)
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
let taken = new Uint32Array(0)

/** How many words of the buffer are in use. */
function gather(sets: readonly PeopleSet[]): number {
  let words = 0
  for (const { bits, list, size } of sets) words = Math.max(words, bits?.length ?? ((list[size - 1] ?? 0) >>> 5) + 1)
  if (gathered.length < words) {
    gathered = new Uint32Array(words * 2)
    taken = new Uint32Array(words * 64)
  }
  for (const { bits, list, size } of sets) {
    if (bits) for (let word = 0; word < bits.length; word++) gathered[word]! |= bits[word]!
    else for (let at = 0; at < size; at++) gathered[list[at]! >>> 5]! |= 1 << (list[at]! & 31)
  }
  return words
}

function keepOnly({ bits, list, size }: PeopleSet, words: number): void {
  if (bits) {
    const shared = Math.min(bits.length, words)
    for (let word = 0; word < shared; word++) gathered[word]! &= bits[word]!
    gathered.fill(0, shared, words)
    return
  }
  let kept = 0
  for (let at = 0; at < size; at++) {
    const number = list[at]!
    if (number >>> 5 < words && (gathered[number >>> 5]! & (1 << (number & 31))) !== 0) taken[kept++] = number
  }
  gathered.fill(0, 0, words)
  for (let at = 0; at < kept; at++) gathered[taken[at]! >>> 5]! |= 1 << (taken[at]! & 31)
}

function takeGathered(words: number): PeopleSet {
  let size = 0
  for (let word = 0; word < words; word++) {
    for (let rest = gathered[word]!; rest !== 0; rest &= rest - 1)
      taken[size++] = (word << 5) + 31 - Math.clz32(rest & -rest)
  }
  const isLarge = size > 0 && isDense(size, taken[size - 1]!)
  const found: PeopleSet = isLarge
    ? { size, list: noNumbers, bits: gathered.slice(0, (taken[size - 1]! >>> 5) + 1) }
    : { size, list: taken.slice(0, size), bits: undefined }
  gathered.fill(0, 0, words)
  return size === 0 ? nobody : found
}

function countOf(words: Uint32Array): number {
  let count = 0
  for (let at = 0; at < words.length; at++) {
    let word = words[at]!
    word -= (word >>> 1) & 0x55555555
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333)
    count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
  }
  return count
}
