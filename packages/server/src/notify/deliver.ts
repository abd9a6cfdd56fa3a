/**
 * Delivering to webhooks: every node takes what is due, each delivery by one of them at a time. A slow receiver delays
 * nobody else. What is taken when a node dies is due again when its lease ends, with the same `webhook-id`.
 *
 * Retries follow the schedule that Standard Webhooks name. A receiver that says it is gone, or that took nothing for as
 * long as a whole schedule lasts, is called no more, and the admins are told.
 */
import { act, system } from '../db/act.ts'
import { disableWebhook, getWebhook, webhookTarget } from '../db/webhook.ts'
import {
  type Attempt,
  giveBack,
  noteOutcome,
  storeAttempt,
  type Taken,
  takeDeliveries,
} from '../db/webhook-delivery.ts'
import type { World } from '../world.ts'
import { notify } from './notify.ts'
import { type Calling, post } from './post.ts'

export type Delivers = Pick<World, 'db' | 'vault' | 'config' | 'log'>

export interface DeliveryOptions {
  /** Between two looks at what is due; default 1 s. */
  readonly turnMs?: number
  /** Longer than what is taken at once can last; default 3 minutes. */
  readonly leaseMs?: number
  /** For one call; default 20 s. */
  readonly callMs?: number
}

export const deliveryLeaseMs = 180_000
/** Taken at once of one webhook, and how many of these calls go on at a time. */
const mostOfEach = 20
const parallel = 4

/** `stop` breaks off what is under way; it is due again at once. */
export function startDeliveries(world: Delivers, options: DeliveryOptions = {}): { stop(): Promise<void> } {
  const { turnMs = 1_000, leaseMs = deliveryLeaseMs, callMs } = options
  const stopping = new AbortController()
  const lanes = new Map<number, Promise<void>>()
  let turn = Promise.resolve()

  const look = async () => {
    if (stopping.signal.aborted) return
    try {
      const taken = await takeDeliveries(world.db, { mostOfEach, leaseMs, busy: [...lanes.keys()] })
      for (const [webhook, ofIt] of Map.groupBy(taken, one => one.webhook)) {
        const lane = deliverAll(world, ofIt, { signal: stopping.signal, callMs })
          .catch(err => world.log.warn({ err, webhook }, 'deliveries to a webhook broke off'))
          .finally(() => {
            lanes.delete(webhook)
            if (ofIt.length === mostOfEach) turn = turn.then(look)
          })
        lanes.set(webhook, lane)
      }
    } catch (err) {
      world.log.warn({ err }, 'deliveries to webhooks could not be taken')
    }
  }
  const timer = setInterval(() => {
    turn = turn.then(look)
  }, turnMs)
  return {
    async stop() {
      clearInterval(timer)
      stopping.abort(new Error('the server stops'))
      await turn
      await Promise.all(lanes.values())
    },
  }
}

async function deliverAll(world: Delivers, taken: readonly Taken[], calling: Calling): Promise<void> {
  const { signal } = calling
  const waiting = taken.values()
  const left: Taken[] = []
  const workers = Array.from({ length: parallel }, async () => {
    for (const one of waiting) {
      const attempt = signal.aborted ? undefined : await post(world, one, calling)
      const isCutOff = attempt === undefined || (signal.aborted && attempt.status === undefined)
      if (isCutOff) left.push(one)
      else await record(world, one, attempt)
    }
  })
  await Promise.all(workers)
  if (left.length > 0) await giveBack(world.db, left)
}

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
/** After the first, second … attempt. */
const schedule = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour]
/** Less than the schedule lasts. */
const longestFailingMs = 72 * hour

/** Later by up to a fifth, so that what failed together does not come back together. */
export function retryInMs(attempts: number, random = Math.random()): number | undefined {
  const wait = schedule[attempts - 1]
  return wait === undefined ? undefined : Math.round(wait * (1 + random / 5))
}

async function record({ db }: Delivers, taken: Taken, attempt: Attempt): Promise<void> {
  await act(db, system, async doing => {
    const isThrough = attempt.problem === undefined
    const retry = isThrough ? undefined : retryInMs(taken.attempts)
    await storeAttempt(doing.tx, taken, attempt, isThrough ? 'delivered' : (retry ?? 'failed'))
    const failingMs = await noteOutcome(doing.tx, taken.webhook, isThrough)
    if (attempt.status === 410) await disable(doing, taken.webhook, 'its receiver answered 410: it is gone for good')
    else if (!isThrough && retry === undefined && (failingMs ?? 0) >= longestFailingMs) {
      await disable(doing, taken.webhook, `nothing came through for days: ${attempt.problem}`)
    }
  })
}

async function disable(doing: Parameters<typeof notify>[0], id: number, problem: string): Promise<void> {
  if (!(await disableWebhook(doing.tx, id, problem))) return
  const row = await getWebhook(doing.tx, id)
  doing.audit({
    action: 'DISABLE',
    targetType: 'WEBHOOK',
    targets: [webhookTarget(row)],
    payload: { type: 'WebhookDisabled', problem },
  })
  await notify(doing, {
    kind: 'webhook.disabled',
    to: { permission: 'APPLICATION_ADMIN' },
    about: { type: 'webhook', id },
    facts: { of: { id, name: row.name }, problem },
  })
}
