/**
 * This node's entitlement index, kept equal to the database: filled from a snapshot, then change by change.
 *
 * Nobody ever sees it between two moments of the database. Truth lies in the tables: a message only makes it look
 * sooner, whoever is too far behind reads everything anew, and a verification that finds a difference is an alarm and
 * puts a new index in its place.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type EntitlementIndex, type IntegrationId, Problem, type UserId } from '@headgate/core'
import type { Logger } from 'pino'
import type { Db } from '../db/open.ts'
import { applyNews } from './apply.ts'
import { differencesOf } from './compare.ts'
import { createFollowers, type Follower } from './followers.ts'
import { type Held, loadIndex } from './held.ts'
import { inBursts } from './in-bursts.ts'
import { loadNews } from './news.ts'

export interface LiveIndex {
  /** As of all that was committed before the call; filled first where it is empty. */
  fresh(): Promise<Current>
  /** Waits until the change is in it. Throws Problem `not-ready` after 2 s. */
  reach(sequence: number): Promise<void>
  /** How many lost access, or a level of it, by what came in together with this change; undefined: no longer known. */
  taken(sequence: number): number | undefined
  /** As of its last change, without a look at the database; undefined until it is filled. */
  current(): Current | undefined
  /** Whose grants may move, from now on. */
  follow(integration: IntegrationId): Follower
  /** Holds it against a new index of the same moment; one that differs is replaced. */
  verify(): Promise<Verification>
  /** Fills it, then listens, until closed. */
  start(): Promise<void>
  close(): Promise<void>
}

export interface Current {
  /** To be read at once: it changes with the next turn of events. */
  readonly index: EntitlementIndex
  readonly sequence: number
  /** By id of the row. */
  readonly principalOwners: ReadonlyMap<number, UserId>
}

export interface Verification {
  readonly sequence: number
  /** What differed, in words such as `user 12`; empty: nothing. */
  readonly differences: readonly string[]
  /** Since this node started. */
  readonly verifications: number
  readonly mismatches: number
}

export interface LiveIndexOptions {
  readonly db: Db
  readonly log: Logger
  /** Verifies itself so often; 0 or absent: never by itself. */
  readonly verifyEveryMs?: number
}

const longestWaitMs = 2000 // 05
const inCaseMs = 5000 // 05
/** No timer is armed for longer. */
const longestSleepMs = 3_600_000
const retryMs = 100
/** Between looks that nobody waits for: each costs as much as a change, and serves however many came in before it. */
const burstMs = 50
/** Who asks what a change took asks at once. */
const mostTakings = 100

export function createLiveIndex({ db, log, verifyEveryMs = 0 }: LiveIndexOptions): LiveIndex {
  const followers = createFollowers()
  const closers: (() => Promise<void> | void)[] = []
  let held: Held | undefined
  let isClosed = false
  let expiry: NodeJS.Timeout | undefined
  let counts = { verifications: 0, mismatches: 0 }

  // One piece of work at a time. A look that has not begun yet serves everybody who asked for one until then.
  let last: Promise<unknown> = Promise.resolve()
  let nextLook: Promise<void> | undefined

  function after<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work)
    last = done.catch(() => {})
    return done
  }

  function look(): Promise<void> {
    nextLook ??= after(() => {
      nextLook = undefined
      return catchUp()
    })
    return nextLook
  }

  async function catchUp(): Promise<void> {
    const known = held
    const news = known && (await db.snapshotAside(tx => loadNews(tx, known)))
    if (known && news) apply(known, news)
    else await fill()
    armExpiry()
  }

  /** What the latest looks took: up to which change, and from how many. */
  const takings: { readonly after: number; readonly upTo: number; readonly taken: number }[] = []

  function apply(known: Held, news: Parameters<typeof applyNews>[1]): void {
    const after = known.sequence
    let taken = 0
    try {
      applyNews(known, news, (change, before, did) => {
        taken += did.counts.lost + did.counts.lowered
        followers.tell(known.index, change, before, did)
      })
    } catch (error) {
      // Half a change must never be read.
      if (held === known) held = undefined
      throw error
    }
    takings.push({ after, upTo: known.sequence, taken })
    if (takings.length > mostTakings) takings.shift()
    followers.tellOf(news.touched.integrations as ReadonlySet<IntegrationId>)
    if (news.rows.unreadable?.length) sayUnreadable(known)
  }

  async function fill(): Promise<void> {
    const begun = performance.now()
    const filled = await db.snapshotAside(loadIndex)
    held = filled
    followers.tellEverybody()
    log.info({ sequence: filled.sequence, ms: Math.round(performance.now() - begun) }, 'the index is filled')
    sayUnreadable(filled)
  }

  function sayUnreadable({ unreadable }: Held): void {
    if (unreadable.size === 0) return
    log.error({ policies: [...unreadable.values()] }, 'stored policies cannot be read: they give nothing')
  }

  function armExpiry(): void {
    clearTimeout(expiry)
    const next = held?.index.nextExpiry()
    if (!held || next === undefined || isClosed) return
    const waitMs = Math.min(longestSleepMs, Math.max(1, next - held.index.now))
    expiry = setTimeout(lookInBackground, waitMs).unref()
  }

  function lookInBackground(): void {
    if (isClosed) return
    look().catch(error => {
      if (!isClosed) log.warn({ err: error }, 'the index could not catch up, trying again')
    })
  }

  async function verify(): Promise<Verification> {
    await look()
    // Takes long in a large world, and changes go on meanwhile.
    const other = await db.snapshotAside(loadIndex)
    return after(async () => {
      const known = held
      if (!known) throw new Problem('not-ready', { reason: 'the index is being filled' })
      // Both as of one moment.
      const isLevel = await db.snapshotAside(async tx => {
        const [ours, theirs] = [await loadNews(tx, known), await loadNews(tx, other)]
        if (ours && theirs) {
          apply(known, ours)
          applyNews(other, theirs, () => {})
        }
        return ours !== undefined && theirs !== undefined
      })
      if (!isLevel) throw new Problem('not-ready', { reason: 'too much changed during the verification: try again' })
      const differences = await differencesOf(known.index, other.index)
      const isMismatch = differences.length > 0
      counts = { verifications: counts.verifications + 1, mismatches: counts.mismatches + (isMismatch ? 1 : 0) }
      if (isMismatch) {
        const some = differences.slice(0, 20)
        log.error({ alarm: 'index-mismatch', count: differences.length, differences: some }, 'the index was wrong')
        held = other
      }
      // Grants are planned anew as a whole, whatever was found.
      followers.tellEverybody()
      armExpiry()
      return { sequence: other.sequence, differences, ...counts }
    })
  }

  function every(ms: number, work: () => void): void {
    const timer = setInterval(work, ms).unref()
    closers.push(() => clearInterval(timer))
  }

  return {
    async fresh() {
      await look()
      // Nothing else came in between: this runs in the turn in which the look ended.
      if (!held) throw new Problem('not-ready', { reason: 'the index is being filled' })
      return held
    },
    async reach(sequence) {
      const deadline = AbortSignal.timeout(longestWaitMs)
      while ((held?.sequence ?? -1) < sequence) {
        const waited = sleep(longestWaitMs, undefined, { signal: deadline, ref: false }).catch(() => {})
        await Promise.race([look(), waited])
        if ((held?.sequence ?? -1) >= sequence) return
        await sleep(retryMs, undefined, { signal: deadline }).catch(() => {})
        if (deadline.aborted) throw new Problem('not-ready', { reason: `change ${sequence} has not arrived here yet` })
      }
    },
    taken: sequence => takings.findLast(({ after, upTo }) => after < sequence && sequence <= upTo)?.taken,
    current: () => held,
    follow: followers.follow,
    verify,
    async start() {
      await look()
      const bursts = inBursts(burstMs, lookInBackground)
      closers.push(await db.listen('fact_change', bursts.ask), bursts.end)
      every(inCaseMs, lookInBackground)
      if (verifyEveryMs > 0) {
        every(verifyEveryMs, () => {
          verify().catch(error => log.warn({ err: error }, 'the index could not be verified'))
        })
      }
    },
    async close() {
      isClosed = true
      clearTimeout(expiry)
      for (const end of closers.splice(0)) await end()
      await last
    },
  }
}
