/**
 * Watching runs from any node: the database says which run moved, the rows say how far it has come. Messages save time
 * and carry no truth: a lost one is made up for by the next, and by a look when the connection comes back.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunEvent } from '@headgate/core/api'
import type { Unlisten } from '../db/listen.ts'
import type { Db } from '../db/open.ts'
import { currentRuns, findRuns } from '../db/run-list.ts'

export interface RunWatch {
  /** How things stand, then every run that moves, until aborted. */
  tell(integrationId: number | undefined, send: (event: RunEvent) => void, signal: AbortSignal): Promise<void>
}

/** However fast a run goes, it is told of no more often. */
const leastMs = 200
/** A message may have been lost. */
const inCaseMs = 30_000

export function createRunWatch(db: Db): RunWatch {
  const watchers = new Set<Watcher>()
  let listening: Promise<Unlisten> | undefined

  /** One connection for all who watch, while there are any. */
  async function join(watcher: Watcher): Promise<void> {
    watchers.add(watcher)
    listening ??= db.listen('run', payload => {
      for (const one of watchers) one.moved(payload === '' ? 'perhaps all' : Number(payload))
    })
    await listening
  }

  async function leave(watcher: Watcher): Promise<void> {
    watchers.delete(watcher)
    if (watchers.size > 0) return
    const unlisten = listening
    listening = undefined
    await unlisten?.then(
      end => end(),
      () => {},
    )
  }

  return {
    async tell(integrationId, send, signal) {
      const watcher = createWatcher()
      try {
        await join(watcher)
        // Joined first: what moves while the state is read is told after it.
        send({ event: 'state', runs: await currentRuns(db.kysely, integrationId) })
        while (!signal.aborted) {
          const moved = await watcher.next(inCaseMs, signal)
          if (signal.aborted) return
          if (moved === 'perhaps all') send({ event: 'state', runs: await currentRuns(db.kysely, integrationId) })
          else for (const run of await findRuns(db.kysely, [...moved], integrationId)) send({ event: 'run', run })
          await sleep(leastMs, undefined, { signal }).catch(() => {})
        }
      } finally {
        await leave(watcher)
      }
    },
  }
}

type Moved = ReadonlySet<number> | 'perhaps all'

interface Watcher {
  moved(run: number | 'perhaps all'): void
  /** What has moved since the last time; nothing known after `ms`: perhaps all. */
  next(ms: number, signal: AbortSignal): Promise<Moved>
}

function createWatcher(): Watcher {
  let moved = new Set<number>()
  let isLost = false
  let rouse = () => {}
  return {
    moved(run) {
      if (run === 'perhaps all') isLost = true
      else moved.add(run)
      rouse()
    },
    async next(ms, signal) {
      if (moved.size === 0 && !isLost) {
        await new Promise<void>(resolve => {
          const timer = setTimeout(end, ms)
          function end(): void {
            clearTimeout(timer)
            signal.removeEventListener('abort', end)
            resolve()
          }
          signal.addEventListener('abort', end, { once: true })
          rouse = end
          if (signal.aborted) end()
        })
      }
      const found: Moved = isLost || moved.size === 0 ? 'perhaps all' : moved
      moved = new Set()
      isLost = false
      return found
    },
  }
}
