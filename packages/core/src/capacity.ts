/** How long the room in AWS lasts: a straight line through what was in use, drawn on to the quota. Pure. */
import type { Instant } from './facts.ts'

export interface Sample {
  readonly at: Instant
  readonly used: number
}

export interface Forecast {
  /** Grants a day, by the line through the samples; absent with less than a day of them. */
  readonly perDay?: number
  /** When the line reaches the quota; absent where it does not rise, or lies beyond a hundred years. */
  readonly runsOutAt?: Instant
  /** The highest of the marks that are passed, in percent. */
  readonly warning?: (typeof warnings)[number]
}

export const warnings = [80, 95, 100] as const

const dayMs = 86_400_000
const farAwayMs = 100 * 365 * dayMs

export function forecastOf(
  samples: readonly Sample[],
  room: { readonly used: number; readonly of: number },
  now: Instant,
): Forecast {
  const { used, of } = room
  const warning = warnings.findLast(percent => used * 100 >= of * percent)
  const perDay = slopeOf(samples)
  const leftMs = perDay !== undefined && perDay > 0 ? (Math.max(0, of - used) / perDay) * dayMs : undefined
  return {
    ...(perDay === undefined ? {} : { perDay }),
    ...(leftMs === undefined || leftMs > farAwayMs ? {} : { runsOutAt: Math.round(now + leftMs) }),
    ...(warning === undefined ? {} : { warning }),
  }
}

/** Least squares; a day. */
function slopeOf(samples: readonly Sample[]): number | undefined {
  const times = samples.map(({ at }) => at / dayMs)
  if (samples.length < 2 || Math.max(...times) - Math.min(...times) < 1) return undefined
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [middle, level] = [mean(times), mean(samples.map(one => one.used))]
  let [rise, spread] = [0, 0]
  for (const [at, { used }] of samples.entries()) {
    const distance = times[at]! - middle
    rise += distance * (used - level)
    spread += distance * distance
  }
  return rise / spread
}
