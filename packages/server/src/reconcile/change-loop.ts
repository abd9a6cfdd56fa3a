/**
 * The change loop of this node: leads its share of the integrations, and keeps each one's grants equal to the facts.
 *
 * Woken by every change of a fact, by what falls due, and every 5 s in case a message was lost. A failing integration
 * never stops the others. With the connection that holds its locks, or its lease, it loses every leadership, stops at
 * once, and begins anew with another connection.
 */
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type IntegrationId, listLagMs } from '@headgate/core'
import type { IntegrationStatus } from '@headgate/core/api'
import { lastSequence } from '../db/fact-change.ts'
import { type IntegrationRow, listIntegrations } from '../db/integration.ts'
import {
  endSilentNodes,
  joinNodes,
  type Leadership,
  LeadershipLost,
  leaveNodes,
  readSharing,
  renewLease,
} from '../db/leadership.ts'
import type { Session } from '../db/session.ts'
import type { World } from '../world.ts'
import { auditPlaces } from './audit-loop.ts'
import type { AtBoundary } from './boundary.ts'
import { follow } from './follow.ts'
import { lead } from './leader.ts'
import { keepLease, type Lease } from './lease.ts'
import { createOutage } from './outage.ts'
import { createPace, type Pace } from './pace.ts'
import { shareOf } from './share.ts'
import { createWakes, type Wakes } from './wakes.ts'

export interface ChangeLoopOptions {
  /** How long a call of an earlier leader may still be under way; default 5000, the time-out of every call. */
  readonly callTimeoutMs?: number
  /** How long a node may be silent before the others take over; default 9000, so that it takes 15 s at most (05). */
  readonly leaseMs?: number
  /** How far lists of AWS may lag behind what it holds; default two minutes. */
  readonly listLagMs?: number
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
const shareEveryMs = 1000

/** Resolves once it listens; throws when the database cannot be reached. */
export async function startChangeLoop(world: World, options: ChangeLoopOptions = {}): Promise<ChangeLoop> {
  const { callTimeoutMs = 5000, leaseMs = 9000, atBoundary = () => {} } = options
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
    const outage = createOutage()
    while (!stopping.signal.aborted) {
      try {
        await leadWithOneSession()
        outage.over()
      } catch (error) {
        // It was there and is lost: that is another outage.
        if (isReady) outage.over()
        const { failures, isToBeTold } = outage.goesOn()
        if (isToBeTold) world.log.error({ err: error, failures }, 'the change loop lost the database, beginning anew')
      }
      isReady = false
      await pause(outage.pauseMs())
    }
  }

  async function leadWithOneSession(): Promise<void> {
    const session = await world.db.session('leader')
    const lost = new AbortController()
    void session.lost.then(() => lost.abort(new Error('the leader connection is lost')))
    const signal = AbortSignal.any([stopping.signal, lost.signal])
    let lease: Lease | undefined
    let auditing: Promise<void> | undefined
    try {
      const node = await joinNodes(session, `${os.hostname()} ${process.pid}`)
      lease = keepLease({
        renew: () => renewLease(session, node),
        leaseMs,
        callTimeoutMs,
        onLost: reason => lost.abort(reason),
      })
      auditing = audit(session, lease, signal)
      await leadShare({ session, node, lease, signal })
      if (!stopping.signal.aborted) world.log.warn({ err: signal.reason }, 'leading nothing any more, beginning anew')
      await leaveAll(lost, auditing)
      await leaveNodes(session, node)
    } finally {
      await leaveAll(lost, auditing)
      lease?.end()
      await session.end()
    }
  }

  async function leaveAll(lost: AbortController, auditing: Promise<void> | undefined): Promise<void> {
    lost.abort(new Error('the leader connection is given up'))
    await Promise.all([auditing, ...[...followed.values()].map(({ ended }) => ended)])
  }

  function audit(session: Session, lease: Lease, signal: AbortSignal): Promise<void> {
    return auditPlaces(world, {
      session,
      leads: id => followed.get(id)?.isLeading() ?? false,
      paceOf: ({ account, region }) => leased(paceOf({ account_id: account, region }), lease),
      everyMs: world.config.HEADGATE_AUDIT_MINUTES * 60_000,
      listLagMs: options.listLagMs ?? listLagMs,
      signal,
      atBoundary,
    })
  }

  async function leadShare(life: Life): Promise<void> {
    let [seen, checkedAt] = [-1, Number.NEGATIVE_INFINITY]
    while (!life.signal.aborted) {
      const woken = wakes.begin()
      await lookThrough(life)
      const last = await lastSequence(world.db)
      // A message may have been lost.
      if (last !== seen || performance.now() - checkedAt > inCaseMs) {
        for (const one of followed.values()) if (one.sequence() < last) one.wakes.wake()
        checkedAt = performance.now()
      }
      seen = last
      isReady = true
      await woken.next(shareEveryMs, life.signal)
    }
  }

  /** Begins to follow what is this node's share, and leaves what has ended or is more than that. */
  async function lookThrough(life: Life): Promise<void> {
    const silent = await endSilentNodes(world.db, leaseMs)
    if (silent.length > 0) world.log.warn({ nodes: silent }, 'nodes that fell silent were given up')
    const { nodes, holders } = await readSharing(world.db)
    const rows = (await listIntegrations(world.db.kysely)).filter(isFollowed)
    const wanted = new Map(rows.map(row => [row.id as IntegrationId, row]))
    for (const [id, one] of followed) if (!wanted.has(id)) one.leave.abort(new Error('the integration has ended'))
    // What is about to be led or left counts as held: it is no use to anybody else yet.
    const holderOf = (id: IntegrationId) => (followed.has(id) ? life.node : holders.get(id))
    const shared = rows.map(row => {
      const id = row.id as IntegrationId
      return { id, place: placeOf(row), holder: holderOf(id) }
    })
    const { take, giveBack } = shareOf(life.node, nodes, shared)
    for (const id of giveBack) followed.get(id)?.leave.abort(new Error('another node has room for it'))
    for (const id of take) begin(id, wanted.get(id) as IntegrationRow, life)
  }

  function begin(id: IntegrationId, row: IntegrationRow, { session, node, lease, signal }: Life): void {
    const leave = new AbortController()
    const own = { wakes: createWakes(), signal: AbortSignal.any([signal, leave.signal]) }
    let sequence = -1
    const onRound = (round: { sequence: number }) => {
      sequence = round.sequence
    }
    const options = { db: world.db, session, node, signal: own.signal, callTimeoutMs, atBoundary }
    const pace = leased(paceOf(row), lease)
    let isLeading = false
    const work = async (leadership: Leadership) => {
      isLeading = true
      await follow(world, leadership, { ...own, pace, atBoundary, onRound })
    }
    const ended = lead(id, options, work)
      .then(() => {})
      .catch(error => {
        if (own.signal.aborted) return
        const text = error instanceof LeadershipLost ? 'somebody else leads now' : 'leading failed'
        world.log.warn({ err: error, integration: id }, text)
      })
      .finally(() => followed.delete(id))
    followed.set(id, { wakes: own.wakes, leave, ended, sequence: () => sequence, isLeading: () => isLeading })
  }

  /** Limits are AWS's per account and region, so the integrations of one share one pace. */
  function paceOf(row: InPlace): Pace {
    const key = placeOf(row)
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

/** From joining the nodes until the connection or the lease is lost. */
interface Life {
  readonly session: Session
  readonly node: number
  readonly lease: Lease
  readonly signal: AbortSignal
}

interface Followed {
  readonly wakes: Wakes
  readonly leave: AbortController
  readonly ended: Promise<void>
  /** The change that its last round started from. */
  readonly sequence: () => number
  /** Whether it is this node that leads; else it may be waiting to. */
  readonly isLeading: () => boolean
}

type InPlace = Pick<IntegrationRow, 'account_id' | 'region'>

/** No call is begun without the lease. */
function leased(pace: Pace, lease: Lease): Pace {
  return {
    pass: (passage, call) =>
      pace.pass(passage, async () => {
        await lease.held()
        return call()
      }),
  }
}

function placeOf({ account_id: account, region }: InPlace): string {
  return `${account} ${region}`
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
