/** A stored request as core's review sees it, and whom it is about: put together anew whenever it is asked. */
import type { Review } from '@headgate/core'
import type { Tx } from '../db/act.ts'
import { type DecisionRow, decisionsOf, type RequestRow, toDecision } from '../db/request.ts'
import { domainsOf, editorOf } from '../db/requestable.ts'
import type { ReviewAbout } from './approvers.ts'

export async function reviewOf(tx: Tx, row: RequestRow): Promise<Review> {
  return toReview(row, await decisionsOf(tx, row.id))
}

export function toReview(row: RequestRow, made: readonly DecisionRow[]): Review {
  const decisions = made.map(toDecision)
  const { stages, stage, asked_ms: askedMs, state } = row
  const status = state === 'pending' ? 'open' : state === 'denied' ? 'denied' : 'approved'
  return { stages, stage, status, decisions, ...(askedMs === null ? {} : { askedMs }) }
}

export async function aboutOf(tx: Tx, row: RequestRow): Promise<ReviewAbout> {
  return {
    requester: row.requester_id,
    openedBy: row.opened_by,
    beneficiary: row.beneficiary_id,
    flowEditor: await editorOf(tx, row),
    domains: await domainsOf(tx, row),
  }
}
