/**
 * Who should lead what: each node as many integrations as the others, those of one account and region together where
 * that is possible, since AWS's limits are theirs together. Pure.
 *
 * Nobody is told what to lead: each node takes what is free up to its share, and gives back what is more, so that the
 * shares come out even without anybody deciding for all.
 */
import type { IntegrationId } from '@headgate/core'

export interface Shared {
  readonly id: IntegrationId
  /** Account and region. */
  readonly place: string
  /** The node that leads it; undefined: nobody. */
  readonly holder: number | undefined
}

export interface Share {
  readonly take: readonly IntegrationId[]
  /** To be left in order, so that another takes them without waiting. */
  readonly giveBack: readonly IntegrationId[]
}

/** @param nodes those that are there, this one among them */
export function shareOf(node: number, nodes: readonly number[], integrations: readonly Shared[]): Share {
  const most = Math.ceil(integrations.length / Math.max(1, nodes.length))
  const held = integrations.filter(({ holder }) => holder === node)
  const heldAt = Map.groupBy(held, ({ place }) => place)
  const heldIn = (place: string) => heldAt.get(place)?.length ?? 0
  const closest = (a: Shared, b: Shared) => heldIn(b.place) - heldIn(a.place) || a.id - b.id

  if (held.length > most) {
    // The rest of a place that others lead mostly goes first.
    const giveBack = held.toSorted(closest).slice(most)
    return { take: [], giveBack: giveBack.map(({ id }) => id) }
  }
  const free = integrations.filter(({ holder }) => holder === undefined).sort(closest)
  return { take: free.slice(0, most - held.length).map(({ id }) => id), giveBack: [] }
}
