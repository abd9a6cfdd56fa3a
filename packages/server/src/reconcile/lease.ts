/**
 * This node's word that it is there, renewed every second, and the promise that it makes no call without it.
 *
 * The others take over from a node that was silent for a whole lease. So a call is begun only in the first part of one,
 * and has timed out before the lease is over: however long a process was stopped, when it goes on it asks first.
 */
import { performance } from 'node:perf_hooks'

export interface Lease {
  /** Resolves at once while the lease lasts, else once it is renewed. Throws when it is over. */
  held(): Promise<void>
  /** Renews no more. */
  end(): void
}

export interface LeaseOptions {
  /** False: the others gave this node up. */
  readonly renew: () => Promise<boolean>
  readonly leaseMs: number
  /** How long a call lasts at most. */
  readonly callTimeoutMs: number
  /** Called once, when the lease is over. */
  readonly onLost: (reason: Error) => void
}

/** A renewal can get lost now and then. */
const renewEveryMs = 1000
/** For clocks that do not run alike. */
const marginMs = 500

/** For a node that has just joined. */
export function keepLease({ renew, leaseMs, callTimeoutMs, onLost }: LeaseOptions): Lease {
  const begunMs = Math.max(100, leaseMs - callTimeoutMs - marginMs)
  // From before the node joined would be better still; the first renewal follows at once.
  let mayBeginUntil = Number.NEGATIVE_INFINITY
  let renewing: Promise<void> | undefined
  let over: Error | undefined

  function renewOnce(): Promise<void> {
    renewing ??= askAgain().finally(() => {
      renewing = undefined
    })
    return renewing
  }

  async function askAgain(): Promise<void> {
    const askedAt = performance.now()
    try {
      if (!(await renew())) throw new Error('this node was silent for too long: others have taken over')
      mayBeginUntil = askedAt + begunMs
    } catch (error) {
      lose(error instanceof Error ? error : new Error(String(error)))
    }
  }

  function lose(reason: Error): void {
    if (over) return
    over = reason
    clearInterval(timer)
    onLost(reason)
  }

  const timer = setInterval(() => void renewOnce(), renewEveryMs).unref()
  void renewOnce()
  return {
    async held() {
      // A renewal that was asked for before the process was stopped may be of no use by now.
      while (!over && performance.now() >= mayBeginUntil) await renewOnce()
      if (over) throw over
    },
    end: () => clearInterval(timer),
  }
}
