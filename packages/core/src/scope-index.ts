/**
 * Which scopes cover this one, and which lie inside it, without asking each.
 *
 * A compressed tree of leading characters per bucket: questions and changes cost the length of the key (and of the
 * answer), not the number of scopes. Agrees with `covers` always; keeps no copy of a key beyond its own edges.
 */
import type { Scope } from './scope.ts'

export interface ScopeIndex<Item> {
  add(item: Item): void
  /** Takes out the very same item; an unknown one changes nothing. */
  delete(item: Item): void
  /** The items whose scope covers this one, widest first; those with the same scope included. */
  coveredBy(scope: Scope): Item[]
  /** The items whose scope this one covers, in order of their keys; those with the same scope included. */
  inside(scope: Scope): Item[]
}

interface Node<Item> {
  /** The characters between the parent and this node. */
  edge: string
  readonly open: Item[]
  readonly objects: Item[]
  /** By first character of their edge. */
  readonly children: Map<string, Node<Item>>
}

export function scopeIndex(items?: Iterable<Scope>): ScopeIndex<Scope>
export function scopeIndex<Item>(items: Iterable<Item>, scopeOf: (item: Item) => Scope): ScopeIndex<Item>
export function scopeIndex<Item>(
  items: Iterable<Item> = [],
  scopeOf: (item: Item) => Scope = item => item as unknown as Scope,
): ScopeIndex<Item> {
  const buckets = new Map<string, Node<Item>>()

  function add(item: Item): void {
    const scope = scopeOf(item)
    const root = buckets.get(scope.bucket) ?? leaf<Item>('')
    buckets.set(scope.bucket, root)
    const node = nodeFor(root, scope.key)
    itemsAt(node, scope).push(item)
  }

  function remove(item: Item): void {
    const scope = scopeOf(item)
    const root = buckets.get(scope.bucket)
    if (!root) return
    const path = exactPath(root, scope.key)
    const node = path.at(-1)
    if (!node) return
    const items = itemsAt(node, scope)
    const at = items.indexOf(item)
    if (at === -1) return
    items.splice(at, 1)
    prune(path)
    if (isIdle(root) && root.children.size === 0) buckets.delete(scope.bucket)
  }

  function coveredBy(scope: Scope): Item[] {
    const found: Item[] = []
    let node = buckets.get(scope.bucket)
    let depth = 0
    while (node && scope.key.startsWith(node.edge, depth)) {
      depth += node.edge.length
      found.push(...node.open)
      if (depth === scope.key.length) {
        if (scope.kind === 'object') found.push(...node.objects)
        break
      }
      node = node.children.get(scope.key[depth]!)
    }
    return found
  }

  function inside(scope: Scope): Item[] {
    const root = buckets.get(scope.bucket)
    if (!root) return []
    if (scope.kind === 'object') return [...(exactPath(root, scope.key).at(-1)?.objects ?? [])]
    const top = topBelow(root, scope.key)
    return top ? everythingBelow(top) : []
  }

  for (const item of items) add(item)
  return { add, delete: remove, coveredBy, inside }
}

function leaf<Item>(edge: string): Node<Item> {
  return { edge, open: [], objects: [], children: new Map() }
}

function itemsAt<Item>(node: Node<Item>, scope: Scope): Item[] {
  return scope.kind === 'object' ? node.objects : node.open
}

function isIdle(node: Node<unknown>): boolean {
  return node.open.length === 0 && node.objects.length === 0
}

/** The node of exactly this key, made where missing by splitting an edge. */
function nodeFor<Item>(root: Node<Item>, key: string): Node<Item> {
  let node = root
  let depth = 0
  while (depth < key.length) {
    const child = node.children.get(key[depth]!)
    if (!child) {
      const made = leaf<Item>(key.slice(depth))
      node.children.set(key[depth]!, made)
      return made
    }
    const shared = sharedLength(child.edge, key, depth)
    if (shared < child.edge.length) {
      const middle = leaf<Item>(child.edge.slice(0, shared))
      child.edge = child.edge.slice(shared)
      middle.children.set(child.edge[0]!, child)
      node.children.set(key[depth]!, middle)
      node = middle
    } else {
      node = child
    }
    depth += shared
  }
  return node
}

function sharedLength(edge: string, key: string, from: number): number {
  let length = 0
  while (length < edge.length && from + length < key.length && edge[length] === key[from + length]) length++
  return length
}

/** The nodes from the root to this very key; empty where there is none. */
function exactPath<Item>(root: Node<Item>, key: string): Node<Item>[] {
  const path = [root]
  let depth = 0
  while (depth < key.length) {
    const child = path.at(-1)!.children.get(key[depth]!)
    if (!child || !key.startsWith(child.edge, depth)) return []
    path.push(child)
    depth += child.edge.length
  }
  return path
}

/** The highest node whose key starts with this one; the key may end within its edge. */
function topBelow<Item>(root: Node<Item>, key: string): Node<Item> | undefined {
  let node = root
  let depth = 0
  while (depth < key.length) {
    const child = node.children.get(key[depth]!)
    if (!child) return undefined
    const shared = sharedLength(child.edge, key, depth)
    if (shared < child.edge.length && depth + shared < key.length) return undefined
    node = child
    depth += shared
  }
  return node
}

function everythingBelow<Item>(top: Node<Item>): Item[] {
  const found: Item[] = []
  const waiting = [top]
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    for (const item of node.open) found.push(item)
    for (const item of node.objects) found.push(item)
    const firsts = [...node.children.keys()].sort().reverse()
    for (const first of firsts) waiting.push(node.children.get(first)!)
  }
  return found
}

/** Takes away the nodes that no longer say anything and joins an only child to its idle parent. */
function prune<Item>(path: readonly Node<Item>[]): void {
  for (let at = path.length - 1; at > 0; at--) {
    const node = path[at]!
    const parent = path[at - 1]!
    if (!isIdle(node)) return
    if (node.children.size > 1) return
    const [only] = node.children.values()
    if (only) {
      only.edge = node.edge + only.edge
      parent.children.set(node.edge[0]!, only)
    } else {
      parent.children.delete(node.edge[0]!)
    }
  }
}
