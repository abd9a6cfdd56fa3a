/** What has to be done so that the server is as the files say. Pure. */
import { isDeepStrictEqual } from 'node:util'
import { Refused } from '../refused.ts'
import type { Current, Kind, Step } from './kind.ts'
import { kinds } from './kinds.ts'

export type Found = ReadonlyMap<Kind<unknown>, readonly Current<unknown>[]>

/**
 * Creations and changes in the order of the kinds, then deletions in the opposite one.
 * @param prune whether what the files do not name goes; without it, it is left alone
 * @throws Refused for what can never be done
 */
export function planOf(
  wanted: ReadonlyMap<Kind<unknown>, ReadonlyMap<string, unknown>>,
  found: Found,
  prune: boolean,
): Step[] {
  const kept = kinds.flatMap(kind => {
    const current = byKey(kind, found)
    const named = [...(wanted.get(kind) ?? [])].toSorted(([a], [b]) => depth(kind, a) - depth(kind, b))
    return named.flatMap(([key, content]): Step[] => stepFor(kind, key, content, current.get(key)))
  })
  const pruned = kinds.toReversed().flatMap(kind => {
    const current = byKey(kind, found)
    const stays = staying(kind, current, wanted.get(kind))
    return [...current]
      .filter(([key]) => !stays.has(key))
      .toSorted(([a], [b]) => depth(kind, b) - depth(kind, a))
      .map(([key, one]): Step => ({ kind, do: 'delete', key, current: one }))
  })
  return prune ? [...kept, ...pruned] : kept
}

function stepFor(kind: Kind<unknown>, key: string, wanted: unknown, current: Current<unknown> | undefined): Step[] {
  const step: Step = { kind, do: current ? 'change' : 'create', key, wanted, ...(current && { current }) }
  if (current === undefined) return [step]
  if (isSame(kind, wanted, current.content)) return []
  if (current.untouched)
    throw new Refused(
      `the ${kind.one} ${key} is not for files to change: it is built in, protected or looked after elsewhere`,
      'leave it out of the files',
    )
  if (current.isOwn)
    throw new Refused(
      `the ${kind.one} ${key} is you, and nobody changes what they may themselves`,
      'somebody else has to apply this, or leave it as it is',
    )
  kind.check?.(step)
  return [step]
}

/** What is not pruned: what files name, what is not theirs to delete, and what these lie in. */
function staying(
  { within }: Kind<unknown>,
  current: ReadonlyMap<string, Current<unknown>>,
  named: ReadonlyMap<string, unknown> | undefined,
): ReadonlySet<string> {
  const stays = new Set<string>(named?.keys())
  for (const [key, { untouched, isUsed, isOff, isOwn }] of current)
    if (untouched || isUsed || isOff || isOwn) stays.add(key)
  for (const key of stays) {
    const outer = within?.(key)
    // Met by this very loop in its turn.
    if (outer !== undefined) stays.add(outer)
  }
  return stays
}

/** In how many of its kind it lies: they are made before it, and deleted after it. */
function depth({ within }: Kind<unknown>, key: string): number {
  let count = 0
  for (let outer = within?.(key); outer !== undefined; outer = within?.(outer)) count++
  return count
}

function isSame(kind: Kind<unknown>, wanted: unknown, current: unknown): boolean {
  const comparable = kind.comparable ?? ((content: unknown) => content)
  return isDeepStrictEqual(plain(comparable(wanted, current)), plain(comparable(current, wanted)))
}

/** As JSON has it: without what is undefined. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

function byKey(kind: Kind<unknown>, found: Found): Map<string, Current<unknown>> {
  return new Map((found.get(kind) ?? []).map(current => [kind.keyOf(current.content), current]))
}
