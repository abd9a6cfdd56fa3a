/**
 * Things made once and found again by what they are made of, so that the same is the same object.
 *
 * A hash says where to look, the caller says what is the same: nothing rests on hashes being different.
 */

export interface Interned<Item extends object> {
  find(hash: number, isSame: (item: Item) => boolean): Item | undefined
  add(hash: number, item: Item): void
  delete(hash: number, item: Item): void
}

export function interned<Item extends object>(): Interned<Item> {
  // Nearly always one item to a hash, which then needs no list of its own.
  const single = new Map<number, Item>()
  const others = new Map<number, Item[]>()

  function add(hash: number, item: Item): void {
    if (!single.has(hash)) single.set(hash, item)
    else if (others.get(hash)?.push(item) === undefined) others.set(hash, [item])
  }

  function remove(hash: number, item: Item): void {
    const rest = others.get(hash)
    if (single.get(hash) === item) {
      const next = rest?.pop()
      if (next) single.set(hash, next)
      else single.delete(hash)
    } else rest?.splice(rest.indexOf(item), 1)
    if (rest?.length === 0) others.delete(hash)
  }

  return {
    find(hash, isSame) {
      const first = single.get(hash)
      if (!first || isSame(first)) return first
      return others.get(hash)?.find(isSame)
    },
    add,
    delete: remove,
  }
}

/** One number more in a hash; not negative and below 2^30, so that it needs no room of its own. */
export function hashed(hash: number, number: number): number {
  const mixed = Math.imul(hash ^ number, 0x9e3779b1)
  return (mixed ^ (mixed >>> 15)) & 0x3fffffff
}
