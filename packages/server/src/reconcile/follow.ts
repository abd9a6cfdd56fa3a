/**
 * Following the facts for one integration, as its leader: round after round until quiet, then asleep until a fact
 * changes, something is due, or AWS is worth asking again.
 */
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Leadership, LeadershipLost } from '../db/leadership.ts'
import { carryOn } from '../integrations/lifecycle.ts'
import type { World } from '../world.ts'
import { retryInMs } from './back-off.ts'
import type { AtBoundary } from './boundary.ts'
import { createOpenPeople, type OpenPeople } from './open-people.ts'
import type { Pace } from './pace.ts'
import { type Round, reconcile } from './reconcile.ts'
import type { Wakes } from './wakes.ts'

export interface Following {
  readonly wakes: Wakes
  readonly pace: Pace
  /** Ends the following; calls under way are finished. */
  readonly signal: AbortSignal
  readonly atBoundary: AtBoundary
  /** Told after each round. */
  readonly onRound: (round: Round) => void
}

/** No more creations are asked for, for so long after AWS had no room (05: they pause). */
const quotaPauseMs = 60_000
/** Even what is due by a clock is gathered for a moment. */
const leastSleepMs = 20
/** No timer is armed for longer; a day more or less means nothing to the next round. */
const longestSleepMs = 3_600_000

/** Ends when `signal` is aborted. Throws LeadershipLost; whatever else goes wrong is logged and tried again. */
export async function follow(world: World, lead: Leadership, following: Following): Promise<void> {
  const follower = world.index.follow(lead.integration)
  try {
    await rounds(world, lead, following, createOpenPeople(follower))
  } finally {
    follower.leave()
  }
}

async function rounds(world: World, lead: Leadership, following: Following, open: OpenPeople): Promise<void> {
  const { wakes, signal, atBoundary } = following
  let failures = 0
  let mayCreateAt = Number.NEGATIVE_INFINITY
  while (!signal.aborted) {
    const woken = wakes.begin()
    try {
      const mayCreate = performance.now() >= mayCreateAt
      const isStale = () => woken.isStale()
      const { pace } = following
      const round = await reconcile(world, { lead, pace, signal, isStale, mayCreate, open, atBoundary })
      following.onRound(round)
      if (round.isEmpty) carryOn(world, lead.integration)
      if (round.isOverQuota) mayCreateAt = performance.now() + quotaPauseMs
      // What was revoked makes room, for people whom no change is about.
      else if (round.revoked > 0 && mayCreateAt > Number.NEGATIVE_INFINITY) {
        mayCreateAt = Number.NEGATIVE_INFINITY
        open.forget()
      }
      failures = round.isUnreachable ? failures + 1 : 0
      if (round.isUnreachable) await woken.next(retryInMs('unreachable', failures, Math.random), signal, unreachableMs)
      else if (round.isQuiet) await woken.next(sleepMs(round, mayCreateAt), signal)
      // As much time for the rest of the server as planning takes.
      else if (woken.isStale()) await pause(Math.min(round.planningMs, 1000), signal)
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof LeadershipLost) throw error
      // Level-based: after what nobody expected, everything is looked at.
      open.forget()
      failures += 1
      world.log.error({ err: error, integration: lead.integration }, 'reconciling failed, trying again')
      await pause(retryInMs('unreachable', failures, Math.random), signal)
    }
  }
}

function sleepMs({ nextInMs = longestSleepMs }: Round, mayCreateAt: number): number {
  const paused = mayCreateAt - performance.now()
  const untilNext = paused > 0 ? Math.min(nextInMs, paused) : nextInMs
  return Math.min(longestSleepMs, Math.max(leastSleepMs, untilNext))
}

/** A new change ends the wait for an AWS that cannot be reached, but AWS is not asked more often than this. */
const unreachableMs = 1000

/** Ends early when there is nothing to wait for any more. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {})
}
