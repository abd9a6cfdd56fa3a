/**
 * How many of the revocations that a write brings about the brake holds, where that is known soon enough to be answered.
 *
 * Costs next to nothing unless the write takes access from so many that a brake could be reached; only then is its
 * leader waited for. What came in together with the write is counted with it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { heldSince, nearBrakes } from '../db/restraint.ts'
import type { World } from '../world.ts'

/** For the index of this node; it is up to date in some milliseconds unless it has far more to do. */
const longestLookMs = 500
/** For a leader that has planned it. */
const longestWaitMs = 2000
const askEveryMs = 25

/** 0: none, or not known in time; then the run, the integration and the lists of access tell it later. */
export async function heldOfWrite({ db, index }: Pick<World, 'db' | 'index'>, sequence: number): Promise<number> {
  // Nobody follows where the index was never filled.
  if (!index.current()) return 0
  const looked = index.reach(sequence).catch(() => {})
  await Promise.race([looked, sleep(longestLookMs, undefined, { ref: false })])
  const taken = index.taken(sequence) ?? 0
  if (taken === 0) return 0
  const near = await nearBrakes(db.kysely, taken)
  if (near.length === 0) return 0
  for (let waited = 0; waited < longestWaitMs; waited += askEveryMs) {
    const held = await heldSince(db.kysely, near, sequence)
    if (held !== undefined) return held
    await sleep(askEveryMs)
  }
  return 0
}
