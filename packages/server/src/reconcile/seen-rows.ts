/** Which rows of the ledger a listing showed: one bit each, so that a hundred thousand take some kilobytes. */
export interface SeenRows {
  /** False: it was seen before. */
  add(id: number): boolean
  has(id: number): boolean
}

const bitsEach = 8192

export function createSeenRows(): SeenRows {
  const blocks = new Map<number, Uint8Array>()
  const bitOf = (id: number) => 1 << (id % 8)
  const byteOf = (id: number) => Math.floor((id % bitsEach) / 8)
  const has = (id: number) => ((blocks.get(Math.floor(id / bitsEach))?.[byteOf(id)] ?? 0) & bitOf(id)) !== 0
  return {
    has,
    add(id) {
      if (has(id)) return false
      const key = Math.floor(id / bitsEach)
      const block = blocks.get(key) ?? new Uint8Array(bitsEach / 8)
      blocks.set(key, block)
      block[byteOf(id)] = (block[byteOf(id)] ?? 0) | bitOf(id)
      return true
    },
  }
}
