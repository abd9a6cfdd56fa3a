/** What a yes does, in the transaction of the last decision: the person is let in, and told. */
import { approvedUntil } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Act } from '../db/act.ts'
import { lockDataSource } from '../db/data-source.ts'
import { addMemberByRequest } from '../db/member.ts'
import { type RequestRow, requestTarget, updateRequest } from '../db/request.ts'
import { addMembership } from './memberships.ts'
import { tell } from './request-notices.ts'

/** @throws Problem `data-product-closed`, `data-source-not-found`, `user-not-found` */
export async function approve(doing: Act, row: RequestRow, approvedMs: number | undefined): Promise<RequestRow> {
  const { tx, now, audit } = doing
  const until = approvedUntil(now, approvedMs)
  await letIn(doing, row, until)
  const after = await updateRequest(tx, row.id, {
    state: 'approved',
    decided_at: new Date(now),
    until: until === undefined ? null : new Date(until),
  })
  audit({
    action: 'APPROVE',
    targetType: 'REQUEST',
    targets: [requestTarget(row)],
    relatedResources: [{ type: 'USER', id: String(row.beneficiary_id) }],
    payload: {
      type: 'RequestApproved',
      after: { level: row.level, ...(until === undefined ? {} : { until: new Date(until).toISOString() }) },
    },
  })
  await tell(doing, 'request.approved', after, { people: [row.requester_id, row.beneficiary_id], until: after.until })
  return after
}

async function letIn(doing: Act, row: RequestRow, until: number | undefined): Promise<void> {
  const ends = until === undefined ? {} : { until }
  const { id: request, beneficiary_id: person, level, product_id: product, data_source_id: id } = row
  if (product !== null) {
    await addMembership(doing, { product, person, level, request, ...ends })
    return
  }
  const source = id === null ? undefined : await lockDataSource(doing.tx, id)
  if (!source) throw new Problem('data-source-not-found', { id: id ?? 0 })
  if (source.state !== 'active') throw new Problem('data-source-disabled', { id: source.id })
  await addMemberByRequest(doing, source, { request, person, level, ...ends, reason: `request ${request}` })
}
