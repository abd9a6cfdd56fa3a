/** A map whose keys are sets of tags: order and doubles do not matter. Found tag by tag, without writing out a key. */

export interface TagMap<Value> {
  get(tags: readonly string[]): Value | undefined
  set(tags: readonly string[], value: Value): void
  delete(tags: readonly string[]): void
}

interface Node<Value> {
  value: Value | undefined
  /** By the next tag, ascending. */
  more: Map<string, Node<Value>> | undefined
}

export function tagMap<Value>(): TagMap<Value> {
  const root = node<Value>()

  function get(tags: readonly string[]): Value | undefined {
    let at: Node<Value> | undefined = root
    for (const tag of distinct(tags)) at = at?.more?.get(tag)
    return at?.value
  }

  function set(tags: readonly string[], value: Value): void {
    let at = root
    for (const tag of distinct(tags)) {
      at.more ??= new Map()
      const next = at.more.get(tag) ?? node()
      at.more.set(tag, next)
      at = next
    }
    at.value = value
  }

  function remove(tags: readonly string[], at = root): void {
    const [first, ...rest] = distinct(tags)
    if (first === undefined) at.value = undefined
    else {
      const next = at.more?.get(first)
      if (!next) return
      remove(rest, next)
      if (next.value === undefined && !next.more) at.more!.delete(first)
      if (at.more!.size === 0) at.more = undefined
    }
  }

  return { get, set, delete: tags => remove(tags) }
}

function node<Value>(): Node<Value> {
  return { value: undefined, more: undefined }
}

/** The tags as a key has them: ascending, each once. */
export function distinct(tags: readonly string[]): readonly string[] {
  return isKey(tags) ? tags : [...new Set(tags)].sort()
}

/** Nearly all tags are kept that way already. */
function isKey(tags: readonly string[]): boolean {
  for (let at = 1; at < tags.length; at++) if (tags[at - 1]! >= tags[at]!) return false
  return true
}
