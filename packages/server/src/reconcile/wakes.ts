/** Being woken: any number of wakes before a round begins count as one, and none during a round is lost. */

export interface Wakes {
  wake(): void
  /** A round begins, and will see everything so far. */
  begin(): Woken
}

export interface Woken {
  /** Whether somebody woke it since the round began. */
  isStale(): boolean
  /** Resolves at the next wake, one since the round began counted, after `ms`, or when aborted. */
  next(ms: number, signal: AbortSignal): Promise<void>
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
        next: (ms, signal) =>
          new Promise(resolve => {
            if (isStale() || signal.aborted) return resolve()
            const end = () => {
              clearTimeout(timer)
              signal.removeEventListener('abort', end)
              rouse = undefined
              resolve()
            }
            const timer = setTimeout(end, ms)
            signal.addEventListener('abort', end, { once: true })
            rouse = end
          }),
      }
    },
  }
}
