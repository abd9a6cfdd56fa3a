/** What is known of people and groups, as files say it: key → values. Only what was given here, not what a provider says. */
import type { HypotheticalChange } from '@headgate/core/api'
import { z } from 'zod'
import type { Write } from '../write.ts'

export const attributes = z.record(z.string().min(1), z.array(z.string().min(1)))
export type Attributes = z.output<typeof attributes>

export function localAttributes(all: readonly { key: string; value: string; source: string }[]): Attributes {
  const byKey = Map.groupBy(
    all.filter(({ source }) => source === 'local'),
    ({ key }) => key,
  )
  return sorted(Object.fromEntries([...byKey].map(([key, rows]) => [key, rows.map(({ value }) => value)])))
}

/** In one canonical form. */
export function sorted(given: Attributes): Attributes {
  const entries = Object.entries(given).filter(([, values]) => values.length > 0)
  const inOrder = entries.map(([key, values]) => [key, [...new Set(values)].sort()] as const)
  return Object.fromEntries(inOrder.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

export interface Given {
  readonly key: string
  readonly value: string
}

/** What has to be given and taken. */
export function attributesThatMove(before: Attributes, after: Attributes): { given: Given[]; taken: Given[] } {
  const only = (some: Attributes, others: Attributes) =>
    pairs(some).filter(({ key, value }) => !(Object.hasOwn(others, key) && others[key]?.includes(value)))
  return { given: only(after, before), taken: only(before, after) }
}

/** @param send one call for each; @param shown what a preview is told of it */
export function attributeWrites(
  moves: { readonly given: readonly Given[]; readonly taken: readonly Given[] },
  one: {
    readonly shown: (
      change: 'giveAttribute' | 'takeAttribute',
      what: Given,
    ) => HypotheticalChange | 'untold' | undefined
    readonly give: (what: Given) => Write['send']
    readonly take: (what: Given) => Write['send']
  },
): Write[] {
  const write = (change: 'giveAttribute' | 'takeAttribute', what: Given): Write => {
    const shown = one.shown(change, what)
    const send = change === 'giveAttribute' ? one.give(what) : one.take(what)
    return shown === undefined ? { send } : { shown, send }
  }
  return [
    ...moves.given.map(what => write('giveAttribute', what)),
    ...moves.taken.map(what => write('takeAttribute', what)),
  ]
}

function pairs(all: Attributes): Given[] {
  return Object.entries(all).flatMap(([key, values]) => [...new Set(values)].map(value => ({ key, value })))
}
