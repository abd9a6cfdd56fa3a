/** How long ago or how soon, kept true while one looks; the exact instant on hover. */
import { useSyncExternalStore } from 'react'

const units: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 24 * 3600],
  ['month', 30 * 24 * 3600],
  ['day', 24 * 3600],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]

export function RelativeTime({ at }: { readonly at: string }) {
  const now = useNow()
  return (
    <time dateTime={at} title={exactTime(at)}>
      {relativeTime(Date.parse(at), now)}
    </time>
  )
}

export function relativeTime(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000)
  if (Math.abs(seconds) < 5) return 'just now'
  const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ['second' as const, 1]
  return new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(Math.trunc(seconds / length), unit)
}

export function exactTime(at: string): string {
  return new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'long' })
}

const tickMs = 5000

/** One timer for each time shown; all read the same rounded clock, so they change together. */
function useNow(): number {
  return useSyncExternalStore(
    tell => {
      const timer = setInterval(tell, tickMs)
      return () => clearInterval(timer)
    },
    () => Math.floor(Date.now() / tickMs) * tickMs,
  )
}
