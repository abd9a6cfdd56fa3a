/**
 * The gate in front of one account and region: so many calls at once, as fast as AWS lets us, and tried again here
 * and nowhere else. Revocations pass before anything else that waits.
 */
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { AwsFailure, type AwsFailureKind } from '../aws/aws-error.ts'
import { createRate } from './rate.ts'

export interface Clock {
  /** Milliseconds; only rises. */
  now(): number
  /** Throws the signal's reason when it is aborted meanwhile. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export interface Passage {
  readonly isUrgent?: boolean
  /** Kinds besides `throttled` after which the same call is simply made again. */
  readonly again?: readonly AwsFailureKind[]
  /** Once aborted, no call is begun; one that is under way goes on to its end. */
  readonly signal: AbortSignal
}

export interface Pace {
  /** What `call` gives. Throws its AwsFailure after the last try, or the signal's reason when it was never answered. */
  pass<T>(passage: Passage, call: () => Promise<T>): Promise<T>
}

export interface PaceOptions {
  /** Calls in flight at once. */
  readonly parallel: number
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
}

/** A throttled call costs nothing but time; others hold up the queue, and their rows know how to wait. */
const mostTries = { throttled: 10, others: 4 }
const firstWaitMs = 100
const longestWaitMs = 5000

export function createPace({ parallel, clock = machineClock, random = Math.random }: PaceOptions): Pace {
  const rate = createRate()
  const waiting: { urgent: Waiter[]; others: Waiter[] } = { urgent: [], others: [] }
  let inFlight = 0
  let isArmed = false

  function enter({ isUrgent = false, signal }: Passage): Promise<void> {
    signal.throwIfAborted()
    const queue = isUrgent ? waiting.urgent : waiting.others
    return new Promise((resolve, reject) => {
      const leave = () => {
        queue.splice(queue.indexOf(waiter), 1)
        reject(signal.reason)
      }
      const waiter = {
        enter() {
          signal.removeEventListener('abort', leave)
          resolve()
        },
      }
      signal.addEventListener('abort', leave, { once: true })
      queue.push(waiter)
      letIn()
    })
  }

  function letIn(): void {
    while (inFlight < parallel && waiting.urgent.length + waiting.others.length > 0) {
      const now = clock.now()
      const waitMs = rate.nextStart(now) - now
      if (waitMs > 0) {
        arm(waitMs)
        return
      }
      rate.started(now)
      inFlight += 1
      const next = waiting.urgent.shift() ?? waiting.others.shift()
      next?.enter()
    }
  }

  function arm(waitMs: number): void {
    if (isArmed) return
    isArmed = true
    void clock.sleep(waitMs).then(() => {
      isArmed = false
      letIn()
    })
  }

  async function attempt<T>(call: () => Promise<T>): Promise<T> {
    try {
      const result = await call()
      rate.succeeded(clock.now())
      return result
    } catch (error) {
      if (error instanceof AwsFailure && error.kind === 'throttled') rate.throttled(clock.now())
      throw error
    } finally {
      inFlight -= 1
      letIn()
    }
  }

  return {
    async pass(passage, call) {
      for (let tried = 1; ; tried += 1) {
        await enter(passage)
        try {
          return await attempt(call)
        } catch (error) {
          if (!(error instanceof AwsFailure)) throw error
          const isThrottled = error.kind === 'throttled'
          if (!isThrottled && !passage.again?.includes(error.kind)) throw error
          if (tried >= (isThrottled ? mostTries.throttled : mostTries.others)) throw error
          const ceiling = Math.min(longestWaitMs, firstWaitMs * 2 ** (tried - 1))
          // Not longer, whatever AWS asks for: who waits here holds up the round, and the next revocations with it.
          const asked = Math.min(longestWaitMs, error.retryAfterMs ?? 0)
          await clock.sleep(Math.max(asked, random() * ceiling), passage.signal)
        }
      }
    },
  }
}

interface Waiter {
  enter(): void
}

const machineClock: Clock = {
  now: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await sleep(ms, undefined, signal ? { signal } : {})
    } catch (error) {
      throw signal?.aborted ? signal.reason : error
    }
  },
}
