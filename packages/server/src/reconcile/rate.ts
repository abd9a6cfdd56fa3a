/**
 * How fast AWS may be called: as fast as it lets us, then a little less, then slowly more again.
 *
 * No clock and no timers: every instant is an argument, in milliseconds of any clock that only rises.
 */

export interface Rate {
  /** Calls a second; Infinity until AWS first throttles. */
  readonly perSecond: number
  /** The next call may start then; not after `now`: at once. */
  nextStart(now: number): number
  started(now: number): void
  succeeded(now: number): void
  throttled(now: number): void
}

const cut = 0.9 // 05
const cutEveryMs = 100 // 05
/**
 * A second's growth, as a share. After a cut, 20 calls of a limit of 200 go unused before the old rate is reached
 * again: about what a limiter's burst gives back, so that hardly anything is lost.
 */
const growth = 0.05
/** Whoever was not throttled for so long is far below the limit, or there is none any more: then faster. */
const calmMs = 5000
const calmGrowth = 0.5
/** How far a late timer may be made up for. */
const catchUpMs = 50
const slowest = 5
/** Where to begin when AWS throttled before it let anything through. */
const unseen = 100

export function createRate(): Rate {
  let perSecond = Number.POSITIVE_INFINITY
  let nextStart = Number.NEGATIVE_INFINITY
  let lastCut = Number.NEGATIVE_INFINITY
  let lastGrown = Number.NEGATIVE_INFINITY
  let recent: number[] = []

  /** What got through in the last second: where to begin once there is a limit. */
  function observed(now: number): number {
    recent = recent.filter(at => at > now - 1000)
    if (recent.length === 0) return unseen
    const sinceMs = Math.max(cutEveryMs, now - (recent[0] ?? now))
    return recent.length / (sinceMs / 1000)
  }

  function grow(now: number): void {
    const share = now - lastCut > calmMs ? calmGrowth : growth
    perSecond *= 1 + share * (Math.min(1000, now - lastGrown) / 1000)
  }

  return {
    get perSecond() {
      return perSecond
    },
    nextStart: now => (perSecond === Number.POSITIVE_INFINITY ? now : Math.max(nextStart, now - catchUpMs)),
    started(now) {
      if (perSecond === Number.POSITIVE_INFINITY) return
      const planned = Math.max(nextStart, now - catchUpMs)
      // Only a rate that holds calls back is worth raising.
      if (planned > now - catchUpMs) grow(now)
      lastGrown = now
      nextStart = planned + 1000 / perSecond
    },
    succeeded(now) {
      if (perSecond !== Number.POSITIVE_INFINITY) return
      recent.push(now)
      if (recent.length > 5000) recent = recent.filter(at => at > now - 1000)
    },
    throttled(now) {
      if (now - lastCut < cutEveryMs) return
      lastCut = now
      lastGrown = now
      if (perSecond === Number.POSITIVE_INFINITY) {
        perSecond = observed(now)
        recent = []
      }
      perSecond = Math.max(slowest, perSecond * cut)
      nextStart = Math.max(nextStart, now)
    },
  }
}
