/** What has to be done so that the server is as the files say. Pure. */
import { isDeepStrictEqual } from 'node:util'
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
    return [...(wanted.get(kind) ?? [])].flatMap(([key, content]): Step[] =>
      stepFor(kind, key, content, current.get(key)),
    )
  })
  const pruned = kinds.toReversed().flatMap(kind => {
    const current = byKey(kind, found)
    const stays = staying(kind, current, wanted.get(kind))
    return [...current]
      .filter(([key]) => !stays.has(key))
      .map(([key, one]): Step => ({ kind, do: 'delete', key, current: one }))
  })
  return prune ? [...kept, ...pruned] : kept
}

function stepFor(kind: Kind<unknown>, key: string, wanted: unknown, current: Current<unknown> | undefined): Step[] {
  const step: Step = { kind, do: current ? 'change' : 'create', key, wanted, ...(current && { current }) }
  if (current === undefined) return [step]
  kind.check?.(step)
  return isSame(kind, wanted, current.content) ? [] : [step]
}

/** What is not pruned: what files name, what is not theirs to delete, and what these lie in. */
function staying(
  { within }: Kind<unknown>,
  current: ReadonlyMap<string, Current<unknown>>,
  named: ReadonlyMap<string, unknown> | undefined,
): ReadonlySet<string> {
  const stays = new Set<string>(named?.keys())
  for (const [key, { untouched, isUsed }] of current) if (untouched || isUsed) stays.add(key)
  for (const key of stays) {
    const outer = within?.(key)
    // Met by this very loop in its turn.
    if (outer !== undefined) stays.add(outer)
  }
  return stays
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
