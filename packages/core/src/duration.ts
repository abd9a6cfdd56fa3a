/**
 * How long somebody asks for, or is let in: `12h`, `30d`, `1y`. Of fixed length, so that a duration is the same on any
 * day: a week is 7 days, a month 30, a year 365.
 */

const minute = 60_000
const day = 24 * 60 * minute

const units = {
  min: minute,
  h: 60 * minute,
  d: day,
  w: 7 * day,
  mo: 30 * day,
  y: 365 * day,
} as const

/** Beyond it one should say that there is no end. */
export const longestDurationMs = 100 * units.y

const written = /^(\d{1,8})(min|h|d|w|mo|y)$/

/** In milliseconds; undefined where it is none: nothing, no known unit, or more than a hundred years. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit] = written.exec(text) ?? []
  const ms = Number(number) * units[unit as keyof typeof units]
  return ms > 0 && ms <= longestDurationMs ? ms : undefined
}

export function isDuration(text: string): boolean {
  return parseDuration(text) !== undefined
}

/** In the largest unit of years, days, hours or minutes that says it exactly. Example: `printDuration(86_400_000)` is `1d`. */
export function printDuration(ms: number): string {
  for (const unit of ['y', 'd', 'h'] as const) if (ms % units[unit] === 0) return `${ms / units[unit]}${unit}`
  return `${Math.ceil(ms / minute)}min`
}
