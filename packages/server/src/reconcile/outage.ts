/** An outage of the database: tried again ever more slowly, and told at its beginning and once a minute. */
import { performance } from 'node:perf_hooks'

export interface Outage {
  /** One more failure of the same outage. */
  goesOn(): { readonly failures: number; readonly isToBeTold: boolean }
  over(): void
  /** How long to wait before trying again. */
  pauseMs(): number
}

const firstPauseMs = 200
const longestPauseMs = 5000
const tellEveryMs = 60_000

export function createOutage(now: () => number = () => performance.now()): Outage {
  let failures = 0
  let toldAt = Number.NEGATIVE_INFINITY
  return {
    goesOn() {
      failures += 1
      const isToBeTold = now() - toldAt >= tellEveryMs
      if (isToBeTold) toldAt = now()
      return { failures, isToBeTold }
    },
    over() {
      failures = 0
      toldAt = Number.NEGATIVE_INFINITY
    },
    pauseMs: () => Math.min(longestPauseMs, firstPauseMs * 2 ** Math.max(0, failures - 1)),
  }
}
