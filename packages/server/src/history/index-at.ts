/**
 * The entitlement index of a moment in the past: the facts that the history tells of it, through the very line that
 * decides today.
 *
 * Built anew for each question, from all facts or from those that bear on one person. One that holds all is kept for a
 * while, since lists are read page by page; there is only one of it, as it takes as much memory as the index of today.
 *
 * One question is worked on at a time, of whatever kind: anybody may ask about themselves, and whoever asks without end
 * must not keep the index of today, and with it revocations, from the connections that both read by.
 */
import type { EntitlementIndex, Instant, UserId } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import type { FactBatch } from '../db/all-facts.ts'
import { factsAfter, sequenceAt, unsaidGroups } from '../db/fact-history.ts'
import type { Db } from '../db/open.ts'
import { filledWith } from '../live-index/held.ts'
import { pastFacts } from './past-facts.ts'

export interface PastIndex {
  readonly index: EntitlementIndex
  /** The last change that had begun by then. */
  readonly sequence: number
}

/** In the eyes of `tx`. @param person only what bears on them: good for questions about what they reach */
export async function indexAt(tx: Tx, at: Instant, person?: UserId): Promise<PastIndex> {
  const sequence = await sequenceAt(tx, at)
  return filledWith(factsOf(tx, sequence, person), { sequence, now: at })
}

async function* factsOf(tx: Tx, sequence: number, person?: UserId): AsyncGenerator<FactBatch> {
  yield { groups: await unsaidGroups(tx) }
  yield* pastFacts(factsAfter(tx, sequence, person))
}

/** Both throw Problem `not-ready` where too many wait already. */
export interface Past {
  /** The index of all facts as of then; kept until another moment is asked for, or nobody asks for a minute. */
  whole(at: Instant): Promise<PastIndex>
  /** What bears on one person. */
  of(person: UserId, at: Instant): Promise<PastIndex>
}

const keptMs = 60_000
/** A question takes seconds where the history is long: whoever would wait longer than this many may ask again. */
const mostWaiting = 20

export function createPast(db: Pick<Db, 'snapshotAside'>): Past {
  let kept: { readonly at: Instant; readonly past: Promise<PastIndex> } | undefined
  let forgetting: NodeJS.Timeout | undefined
  let lane: Promise<unknown> = Promise.resolve()
  let waiting = 0

  async function inTurn(at: Instant, person?: UserId): Promise<PastIndex> {
    if (waiting >= mostWaiting) throw new Problem('not-ready', { reason: 'many ask about the past at this moment' })
    waiting += 1
    const past = lane.then(() => db.snapshotAside(tx => indexAt(tx, at, person)))
    lane = past.catch(() => {}).finally(() => (waiting -= 1))
    return past
  }

  return {
    whole(at) {
      if (kept?.at !== at) {
        const past = inTurn(at)
        kept = { at, past }
        past.catch(() => {
          if (kept?.past === past) kept = undefined
        })
      }
      clearTimeout(forgetting)
      forgetting = setTimeout(() => {
        kept = undefined
      }, keptMs).unref()
      return kept.past
    },
    of: (person, at) => inTurn(at, person),
  }
}
