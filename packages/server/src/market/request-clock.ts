/**
 * What time does to requests: nobody decided, access came to its end or is about to, what it was for is gone; and a
 * reminder a day to whoever can decide. Any number of nodes may look at once: each row is dealt with by one of them.
 *
 * Access ends by its date alone, however late this is.
 */
import { type Act, act, system } from '../db/act.ts'
import { removeMemberByRequest } from '../db/member.ts'
import { type RequestRow, requestTarget, updateRequest } from '../db/request.ts'
import {
  type Due,
  dueToEnd,
  dueToExpire,
  dueToRemind,
  dueToTell,
  dueToWithdraw,
  lastsLonger,
} from '../db/request-due.ts'
import { every, type Recurring } from '../every.ts'
import { notify } from '../notify/notify.ts'
import type { World } from '../world.ts'
import { decidersOf } from './approvers.ts'
import { cancelRequest } from './decide-request.ts'
import { tell, tellStuck } from './request-notices.ts'
import { aboutOf, reviewOf } from './request-review.ts'

type Ticking = Pick<World, 'db' | 'log'>

const everyMs = 5000
const atOnce = 200

/** All that is due now. */
export async function lookAtClock({ db }: Pick<World, 'db'>, signal?: AbortSignal): Promise<void> {
  const steps: readonly [Due, (doing: Act, row: RequestRow) => Promise<unknown>][] = [
    [dueToWithdraw, (doing, row) => cancelRequest(doing, row, 'what was asked for, or for whom, is gone')],
    [dueToExpire, expire],
    [dueToEnd, end],
    [tx => dueToTell(tx, 1, atOnce), (doing, row) => warn(doing, row, 1)],
    [tx => dueToTell(tx, 7, atOnce), (doing, row) => warn(doing, row, 7)],
  ]
  for (const [due, deal] of steps) {
    let isMore = true
    while (isMore && !signal?.aborted) {
      const { result } = await act(db, system, async doing => {
        const rows = await due(doing.tx, atOnce)
        for (const row of rows) await deal(doing, row)
        return rows.length
      })
      isMore = result === atOnce
    }
  }
  if (!signal?.aborted) await act(db, system, remind)
}

async function expire(doing: Act, row: RequestRow): Promise<void> {
  const after = await updateRequest(doing.tx, row.id, { state: 'expired', ended_at: new Date(doing.now) })
  doing.audit({
    action: 'EXPIRE',
    targetType: 'REQUEST',
    targets: [requestTarget(row)],
    payload: { type: 'RequestExpired', decided: false },
  })
  await tell(doing, 'request.expired', after, { people: [row.requester_id, row.beneficiary_id] })
}

/** The access is over: by its date, or because it was taken back by other means. */
async function end(doing: Act, row: RequestRow): Promise<void> {
  const isOver = row.until !== null && row.until <= doing.now
  if (isOver) await removeMemberByRequest(doing, row.id)
  const after = await updateRequest(doing.tx, row.id, {
    state: isOver ? 'expired' : 'revoked',
    ended_at: new Date(doing.now),
  })
  doing.audit({
    action: isOver ? 'EXPIRE' : 'REVOKE',
    targetType: 'REQUEST',
    targets: [requestTarget(row)],
    payload: { type: isOver ? 'RequestExpired' : 'RequestRevoked', decided: true },
  })
  const people = [row.beneficiary_id, row.requester_id]
  if (isOver) {
    if (!(await lastsLonger(doing.tx, row))) await tell(doing, 'membership.expired', after, { people })
  } else if (row.product_id === null) {
    // Of a data product, whoever took it back has said so.
    await tell(doing, 'membership.revoked', after, { people })
  }
}

async function warn(doing: Act, row: RequestRow, days: number): Promise<void> {
  await updateRequest(doing.tx, row.id, { told_days: days })
  if (await lastsLonger(doing.tx, row)) return
  await tell(doing, 'membership.expiring', row, {
    people: [row.beneficiary_id, row.requester_id],
    until: row.until,
    once: `request ${row.id} ${days}`,
  })
}

/** A notice for each person, however many requests wait for them. */
async function remind(doing: Act): Promise<void> {
  const waiting = new Map<number, number[]>()
  for (const row of await dueToRemind(doing.tx, 5 * atOnce)) {
    const [review, about] = [await reviewOf(doing.tx, row), await aboutOf(doing.tx, row)]
    const { people, stuck } = await decidersOf(doing.tx, review, about, { limit: 100 })
    for (const { id } of people) waiting.set(id, [...(waiting.get(id) ?? []), row.id])
    await updateRequest(doing.tx, row.id, { reminded_at: new Date(doing.now) })
    if (stuck) await tellStuck(doing, row)
  }
  const today = new Date(doing.now).toISOString().slice(0, 10)
  for (const [person, requests] of waiting) {
    await notify(doing, {
      kind: 'request.reminder',
      to: { people: [person] },
      about: { type: 'request', id: requests[0] ?? 0 },
      facts: { count: requests.length },
      once: `reminder ${person} ${today}`,
    })
  }
}

/** Looks every few seconds until stopped. */
export function startRequestClock(world: Ticking): Recurring {
  return every({
    everyMs,
    look: signal => lookAtClock(world, signal),
    onFailure: err => world.log.warn({ err }, 'the clock of requests stood still, trying again'),
  })
}
