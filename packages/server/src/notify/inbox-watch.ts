/**
 * Watching one's inbox from any node: the database says whose inbox got more, a count says how much is unread. Messages
 * save time and carry no truth: a lost one is made up for by the next look.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { countUnread } from '../db/inbox.ts'
import type { Unlisten } from '../db/listen.ts'
import { noticeChannel } from '../db/notice.ts'
import type { Db } from '../db/open.ts'

export interface InboxWatch {
  /** How many are unread, now and whenever that changes, until aborted. */
  tell(person: number, send: (unread: number) => void, signal: AbortSignal): Promise<void>
}

/** However much comes in, the count is told no more often. */
const leastMs = 1_000
/** What was read elsewhere is told of by nobody. */
const inCaseMs = 30_000

export function createInboxWatch(db: Db): InboxWatch {
  const watchers = new Set<{ readonly person: number; rouse(): void }>()
  let listening: Promise<Unlisten> | undefined

  /** One connection for all who watch, while there are any. */
  async function listen(): Promise<void> {
    listening ??= db.listen(noticeChannel, payload => {
      const people = payload === '' ? undefined : new Set(payload.split(',').map(Number))
      for (const one of watchers) if (!people || people.has(one.person)) one.rouse()
    })
    await listening
  }

  return {
    async tell(person, send, signal) {
      let news = Promise.withResolvers<void>()
      const watcher = { person, rouse: () => news.resolve() }
      watchers.add(watcher)
      let told: number | undefined
      try {
        await listen()
        while (!signal.aborted) {
          news = Promise.withResolvers<void>()
          const unread = await countUnread(db.kysely, person)
          if (unread !== told) send(unread)
          told = unread
          const timer = new AbortController()
          const until = AbortSignal.any([signal, timer.signal])
          await Promise.race([news.promise, sleep(inCaseMs, undefined, { signal: until }).catch(() => {})])
          timer.abort()
          await sleep(leastMs, undefined, { signal }).catch(() => {})
        }
      } finally {
        watchers.delete(watcher)
        if (watchers.size === 0) {
          const unlisten = listening
          listening = undefined
          await unlisten?.then(
            end => end(),
            () => {},
          )
        }
      }
    },
  }
}
