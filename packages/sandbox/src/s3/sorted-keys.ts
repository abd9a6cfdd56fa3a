// Object keys in UTF-8 byte order, so that a page of a large bucket is found by halving and not by sorting.
// Kept in blocks: an insertion moves at most one block, never the whole bucket.

/** JavaScript orders by UTF-16 units; S3 by UTF-8 bytes. They differ where a surrogate meets U+E000–U+FFFF. */
export function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at++) {
    const a = left.charCodeAt(at)
    const b = right.charCodeAt(at)
    if (a !== b) return utf8Rank(a) - utf8Rank(b)
  }
  return left.length - right.length
}

// A surrogate stands for a code point above U+FFFF, so it comes after every other unit.
function utf8Rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

// Big enough that 100,000 keys make some 200 blocks, small enough that a splice is cheap.
const blockSize = 1024

export class SortedKeys {
  // INVARIANT: no block is empty, each is sorted, and every key of a block precedes every key of the next.
  readonly #blocks: string[][] = []

  static from(keys: Iterable<string>): SortedKeys {
    const sorted = [...keys].sort(compareKeys)
    const index = new SortedKeys()
    for (let at = 0; at < sorted.length; at += blockSize) index.#blocks.push(sorted.slice(at, at + blockSize))
    return index
  }

  /** Does nothing when the key is there. */
  add(key: string): void {
    const last = this.#blocks.length - 1
    if (last < 0) {
      this.#blocks.push([key])
      return
    }
    const number = Math.min(this.#blockFor(key), last)
    const block = this.#blocks[number]!
    const at = firstAtOrAfter(block, key)
    if (block[at] === key) return
    block.splice(at, 0, key)
    if (block.length > blockSize) this.#blocks.splice(number, 1, ...halves(block))
  }

  /** Does nothing when the key is not there. */
  delete(key: string): void {
    const number = this.#blockFor(key)
    const block = this.#blocks[number]
    if (block === undefined) return
    const at = firstAtOrAfter(block, key)
    if (block[at] !== key) return
    block.splice(at, 1)
    if (block.length === 0) this.#blocks.splice(number, 1)
  }

  /** The first key not before `bound`; with `inclusive` false, the first one after it. */
  seek(bound: string, inclusive = true): string | undefined {
    const number = this.#blockFor(bound)
    const block = this.#blocks[number]
    if (block === undefined) return undefined
    const at = firstAtOrAfter(block, bound)
    if (inclusive || block[at] !== bound) return block[at]
    return block[at + 1] ?? this.#blocks[number + 1]?.[0]
  }

  // The block that holds `key`, or would: the first whose last key is not before it.
  #blockFor(key: string): number {
    let low = 0
    let high = this.#blocks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareKeys(this.#blocks[middle]!.at(-1)!, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

function firstAtOrAfter(block: readonly string[], key: string): number {
  let low = 0
  let high = block.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareKeys(block[middle]!, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function halves(block: readonly string[]): [string[], string[]] {
  const middle = block.length >> 1
  return [block.slice(0, middle), block.slice(middle)]
}
