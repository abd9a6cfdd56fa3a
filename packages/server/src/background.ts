/**
 * Work that goes on after the answer: one at a time per key, never lost while the process lives, never an unhandled
 * error. What it does must be safe to run twice, and safe to stop anywhere: the database says what is left to do.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'

export interface Background {
  /** Starts `work`; while work of that key is under way, it follows it (once, however often it was asked for). */
  run(key: string, work: Work): void
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
  /** Tells what is under way to stop, waits for it, and starts nothing more. */
  close(): Promise<void>
}

/** `pause` waits, and throws once the process is stopping. */
export type Work = (pause: Pause) => Promise<void>
export type Pause = (ms: number) => Promise<void>

export function createBackground(log: Pick<Logger, 'error'>): Background {
  const stop = new AbortController()
  const underWay = new Map<string, { again: Work | undefined; readonly done: Promise<void> }>()
  const pause: Pause = async ms => void (await sleep(ms, undefined, { signal: stop.signal }))

  const runOnce = async (key: string, work: Work) => {
    try {
      await work(pause)
    } catch (error) {
      if (!stop.signal.aborted) log.error({ err: error, key }, 'background work failed')
    }
  }
  const idle = async () => {
    while (underWay.size > 0) await Promise.all([...underWay.values()].map(({ done }) => done))
  }
  return {
    run(key, work) {
      if (stop.signal.aborted) return
      const current = underWay.get(key)
      if (current !== undefined) {
        current.again = work
        return
      }
      // On the next turn, so that the entry is there before the work begins.
      const done = Promise.resolve().then(async () => {
        for (let next: Work | undefined = work; next !== undefined && !stop.signal.aborted; ) {
          await runOnce(key, next)
          next = entry.again
          entry.again = undefined
        }
        underWay.delete(key)
      })
      const entry: { again: Work | undefined; readonly done: Promise<void> } = { again: undefined, done }
      underWay.set(key, entry)
    },
    idle,
    async close() {
      stop.abort()
      await idle()
    },
  }
}
