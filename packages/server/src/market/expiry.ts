/**
 * Noticing memberships that are over: their rows say so, and so does the audit trail. A retired product loses its tags with
 * its last member.
 *
 * Access does not wait for it: that ends by the date alone, wherever it is judged. Any number of nodes may look at
 * once; each membership is noticed by one of them.
 */
import { act, system } from '../db/act.ts'
import { dueMemberships, endMemberships } from '../db/membership.ts'
import { taggedForNobody } from '../db/tagged-source.ts'
import { every, type Recurring } from '../every.ts'
import type { World } from '../world.ts'
import { setTaggedSources } from './tagged-sources.ts'

type Noticing = Pick<World, 'db' | 'log'>

const everyMs = 5000
/** In one transaction. */
const atOnce = 500

/** All that is over now. @returns how many were noticed here */
export async function noticeEnds({ db }: Pick<World, 'db'>, signal?: AbortSignal): Promise<number> {
  let noticed = 0
  while (!signal?.aborted) {
    const { result: ids } = await act(db, system, async doing => {
      const due = await dueMemberships(doing.tx, atOnce)
      if (due.length > 0) await endMemberships(doing, { ids: due }, 'membership-expired')
      return due
    })
    noticed += ids.length
    if (ids.length < atOnce) break
  }
  // Nobody is let into a retired product, so it stays so.
  for (const id of await taggedForNobody(db.kysely)) {
    await act(db, system, doing => setTaggedSources(doing, id, undefined, 'product-retired'))
  }
  return noticed
}

/** Looks every few seconds until stopped. */
export function startNoticingEnds(world: Noticing): Recurring {
  return every({
    everyMs,
    look: signal => noticeEnds(world, signal),
    onFailure: err => world.log.warn({ err }, 'memberships that are over could not be noticed, trying again'),
  })
}
