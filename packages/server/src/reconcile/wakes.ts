/** Being woken: any number of wakes before a round begins count as one, and none during a round is lost. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface Wakes {
  wake(): void
  /** A round begins, and will see everything so far. */
  begin(): Woken
}

export interface Woken {
  /** Whether somebody woke it since the round began. */
  isStale(): boolean
  /** Resolves at the next wake, one since the round began counted, after `ms`, or when aborted; no wake counts before `leastMs`. */
  next(ms: number, signal: AbortSignal, leastMs?: number): Promise<void>
}

export function createWakes(): Wakes {
  let count = 0
  let rouse: (() => void) | undefined
  return {
    wake() {
      count += 1
      rouse?.()
    },
    begin() {
      const seen = count
      const isStale = () => count > seen
      return {
        isStale,
        async next(ms, signal, leastMs = 0) {
          if (leastMs > 0) await sleep(Math.min(ms, leastMs), undefined, { signal }).catch(() => {})
          await new Promise<void>(resolve => {
            if (isStale() || signal.aborted) return resolve()
            const end = () => {
              clearTimeout(timer)
              signal.removeEventListener('abort', end)
              rouse = undefined
              resolve()
            }
            const timer = setTimeout(end, ms - leastMs)
            signal.addEventListener('abort', end, { once: true })
            rouse = end
          })
        },
      }
    },
  }
}
