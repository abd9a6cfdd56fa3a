/**
 * The change loop of this node: leads what integrations it can, and keeps each one's grants equal to the facts.
 *
 * Woken by every change of a fact, by what falls due, and every 5 s in case a message was lost. A failing integration
 * never stops the others. With the connection that holds its locks it loses every leadership, stops at once, and
 * begins anew with another connection.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { IntegrationId } from '@headgate/core'
import type { IntegrationStatus } from '@headgate/core/api'
import { lastSequence } from '../db/fact-change.ts'
import { type IntegrationRow, listIntegrations } from '../db/integration.ts'
import { LeadershipLost } from '../db/leadership.ts'
import type { Session } from '../db/session.ts'
import type { World } from '../world.ts'
import type { AtBoundary } from './boundary.ts'
import { follow } from './follow.ts'
import { lead } from './leader.ts'
import { createPace, type Pace } from './pace.ts'
import { createWakes, type Wakes } from './wakes.ts'

export interface ChangeLoopOptions {
  /** How long a call of an earlier leader may still be under way; default 5000, the time-out of every call. */
  readonly callTimeoutMs?: number
  /** Called before and after everything that lasts; what it awaits holds the loop there. For fault tests. */
  readonly atBoundary?: AtBoundary
}

export interface ChangeLoop {
  /** Whether it listens and has looked through the integrations. */
  ready(): boolean
  /** Finishes the calls in flight, leaves every leadership in order. */
  stop(): Promise<void>
}

const inCaseMs = 5000 // 05
const atOncePauseMs = 200

/** Resolves once it listens; throws when the database cannot be reached. */
export async function startChangeLoop(world: World, options: ChangeLoopOptions = {}): Promise<ChangeLoop> {
  const { callTimeoutMs = 5000, atBoundary = () => {} } = options
  const stopping = new AbortController()
  const wakes = createWakes()
  const followed = new Map<IntegrationId, Followed>()
  const paces = new Map<string, Pace>()
  let isReady = false

  const unlisten = await world.db.listen('fact_change', () => {
    wakes.wake()
    for (const one of followed.values()) one.wakes.wake()
  })
  const working = work()

  /** One connection's life after the other. */
  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await leadWithOneSession()
      } catch (error) {
        world.log.error({ err: error }, 'the change loop lost the database, beginning anew')
      }
      isReady = false
      await pause(atOncePauseMs)
    }
  }

  async function leadWithOneSession(): Promise<void> {
    const session = await world.db.session('leader')
    const lost = new AbortController()
    void session.lost.then(() => lost.abort(new Error('the leader connection is lost')))
    const signal = AbortSignal.any([stopping.signal, lost.signal])
    try {
      let seen = -1
      while (!signal.aborted) {
        const woken = wakes.begin()
        await lookThrough(session, signal)
        const last = await lastSequence(world.db)
        // A message may have been lost.
        if (last !== seen) for (const one of followed.values()) if (one.sequence() < last) one.wakes.wake()
        seen = last
        isReady = true
        await woken.next(inCaseMs, signal)
      }
    } finally {
      lost.abort(new Error('the leader connection is given up'))
      await Promise.all([...followed.values()].map(({ ended }) => ended))
      await session.end()
    }
  }

  /** Begins to follow what is new, and leaves what has ended. */
  async function lookThrough(session: Session, signal: AbortSignal): Promise<void> {
    const rows = await listIntegrations(world.db.kysely)
    const wanted = new Map(rows.filter(isFollowed).map(row => [row.id as IntegrationId, row]))
    for (const [id, one] of followed) if (!wanted.has(id)) one.leave.abort(new Error('the integration has ended'))
    for (const [id, row] of wanted) if (!followed.has(id)) begin(id, row, session, signal)
  }

  function begin(id: IntegrationId, row: IntegrationRow, session: Session, signal: AbortSignal): void {
    const leave = new AbortController()
    const own = { wakes: createWakes(), signal: AbortSignal.any([signal, leave.signal]) }
    let sequence = -1
    const onRound = (round: { sequence: number }) => {
      sequence = round.sequence
    }
    const options = { db: world.db, session, signal: own.signal, callTimeoutMs, atBoundary }
    const ended = lead(id, options, leadership =>
      follow(world, leadership, { ...own, pace: paceOf(row), atBoundary, onRound }),
    )
      .then(() => {})
      .catch(error => {
        if (own.signal.aborted) return
        const text = error instanceof LeadershipLost ? 'somebody else leads now' : 'leading failed'
        world.log.warn({ err: error, integration: id }, text)
      })
      .finally(() => followed.delete(id))
    followed.set(id, { wakes: own.wakes, leave, ended, sequence: () => sequence })
  }

  /** Limits are AWS's per account and region, so the integrations of one share one pace. */
  function paceOf({ account_id: account, region }: IntegrationRow): Pace {
    const key = `${account} ${region}`
    const pace = paces.get(key) ?? createPace({ parallel: world.config.HEADGATE_AWS_PARALLEL })
    paces.set(key, pace)
    return pace
  }

  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: stopping.signal }).catch(() => {})
  }

  return {
    ready: () => isReady,
    async stop() {
      stopping.abort(new Error('the server stops'))
      await unlisten()
      await working
    },
  }
}

interface Followed {
  readonly wakes: Wakes
  readonly leave: AbortController
  readonly ended: Promise<void>
  /** The change that its last round started from. */
  readonly sequence: () => number
}

const followedIn: ReadonlySet<IntegrationStatus> = new Set([
  'enabled',
  'editing',
  'editError',
  'recurringValidationError',
  'deleting',
])

/** Without a location there is nothing to do but to end: it was never made, and the edit is to make it. */
function isFollowed({ status, aws_location_id: location }: IntegrationRow): boolean {
  return followedIn.has(status) && (location !== null || status === 'deleting')
}
