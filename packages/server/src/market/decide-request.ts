/**
 * A decision, a withdrawal, a revocation: each once, by whoever may at that moment, under the lock of the request.
 */
import { criteriaOf, decide, openStage, parseDuration, printCriterion, requestAfter, type UserId } from '@headgate/core'
import { type api, Problem } from '@headgate/core/api'
import type { z } from 'zod'
import type { Act } from '../db/act.ts'
import { removeMemberByRequest } from '../db/member.ts'
import {
  insertDecision,
  involvedIn,
  lockRequest,
  type RequestRow,
  requestsFor,
  requestTarget,
  updateRequest,
} from '../db/request.ts'
import { findBeneficiary, openingPolicies, productAsked } from '../db/requestable.ts'
import { findTemplateVersion } from '../db/template.ts'
import type { Caller } from '../http/serve.ts'
import type { LiveIndex } from '../live-index/live-index.ts'
import { approve } from './approve.ts'
import { decidersOf, requireDecider } from './approvers.ts'
import { durationFault, refuseBody } from './ask.ts'
import { endMemberships } from './memberships.ts'
import { mostTold, tell, tellStage } from './request-notices.ts'
import { aboutOf, reviewOf } from './request-review.ts'
import { openersOn } from './requestable.ts'

type Wanted = z.output<typeof api.requests.decide.body>

/** @throws Problem `request-over`, `decision-not-yours`, and what stands in the way of an approval */
export async function decideRequest(
  doing: Act,
  caller: Caller,
  live: LiveIndex,
  id: number,
  { verdict, reason, duration, withoutEnd }: Wanted,
): Promise<RequestRow> {
  const { tx, now, audit } = doing
  const row = await lockPending(doing, id)
  const [review, about] = [await reviewOf(tx, row), await aboutOf(tx, row)]
  const criteria = await requireDecider(tx, caller, review, about, verdict)
  const forMs = withoutEnd ? null : duration === undefined ? undefined : parseDuration(duration)
  if (verdict === 'approve') await requireApprovable(doing, live, row, forMs)
  const given = { by: caller.id as UserId, verdict, criteria, reason, forMs, at: now }
  const decided = decide(review, given)
  if ('refusal' in decided) throw new Problem('decision-not-yours', { reason: decided.refusal })
  const stage = openStage(review)
  const words = criteria.flatMap(at => {
    const one = stage && criteriaOf(stage)[at]
    return one ? [printCriterion(one)] : []
  })
  await insertDecision(tx, id, review.decisions.length + 1, { ...given, stage: review.stage }, words)
  audit({
    action: verdict === 'approve' ? 'APPROVE' : 'DENY',
    targetType: 'REQUEST',
    targets: [requestTarget(row)],
    relatedResources: [{ type: 'USER', id: String(row.beneficiary_id) }],
    payload: {
      type: 'RequestDecided',
      stage: review.stage + 1,
      verdict,
      criteria: words,
      ...(reason ? { reason } : {}),
    },
  })
  const after = decided.review
  if (after.status === 'approved') return approve(doing, row, after.approvedMs)
  if (after.status === 'denied') {
    const denied = await updateRequest(tx, id, { state: 'denied', decided_at: new Date(now) })
    await tell(doing, 'request.denied', denied, { people: [row.requester_id, row.beneficiary_id], reason })
    return denied
  }
  if (after.stage === row.stage) return row
  const next = await updateRequest(tx, id, { stage: after.stage })
  await tellStage(doing, next, after, about)
  return next
}

/** @throws Problem `request-over` */
export async function lockPending(doing: Act, id: number): Promise<RequestRow> {
  const row = await lockRequest(doing.tx, id)
  if (row.state !== 'pending') throw new Problem('request-over', { id, state: row.state })
  // The clock will say so in a moment.
  if (row.expires_at <= doing.now) throw new Problem('request-over', { id, state: 'expired' })
  return row
}

/** That a yes of now gives what it says: product, policy and their terms may have changed since it was asked. */
async function requireApprovable(
  doing: Act,
  live: LiveIndex,
  row: RequestRow,
  forMs: number | null | undefined,
): Promise<void> {
  const { tx } = doing
  const who = await findBeneficiary(tx, row.beneficiary_id)
  if (!who) throw new Problem('user-not-found', { id: row.beneficiary_id })
  if (who.disabled) throw new Problem('user-disabled', { userid: who.userid })
  if (row.data_source_id !== null) await requireOpened(doing, live, row)
  const { content } = await findTemplateVersion(tx, 'form', row.form_id, row.form_version)
  const product = row.product_id === null ? undefined : await productAsked(tx, row.product_id)
  if (product && !product.levels.includes(row.level)) {
    const message = `cannot be \`approve\`: the data product does not offer ${row.level} any more`
    refuseBody([{ path: 'verdict', message }])
  }
  const each = [content.duration.most, product?.definition.longest].flatMap(text => parseDuration(text ?? '') ?? [])
  const limits = {
    withoutEnd: content.duration.withoutEnd && (product?.definition.withoutEnd ?? true),
    ...(each.length === 0 ? {} : { longestMs: Math.min(...each) }),
  }
  const message = durationFault(limits, forMs === undefined ? (row.asked_ms ?? undefined) : (forMs ?? undefined))
  if (message !== undefined) refuseBody([{ path: forMs === null ? 'withoutEnd' : 'duration', message }])
}

/** The policy is active, and what it says by now opens requests of this level on the data source. */
async function requireOpened({ tx }: Act, live: LiveIndex, row: RequestRow): Promise<void> {
  const { policy_id, data_source_id, level } = row
  const [id, policy] = [data_source_id ?? 0, policy_id ?? 0]
  const { index } = await live.fresh()
  const isOpen = openersOn(index, id, level).includes(policy)
  if (!isOpen || (await openingPolicies(tx, [policy])).length === 0) {
    throw new Problem('request-not-opened', { id, level })
  }
}

/** Its makers take it back, or what it is for or about is gone. @throws Problem `request-over` */
export async function cancelRequest(doing: Act, row: RequestRow, reason: string | undefined): Promise<RequestRow> {
  const { tx, now, actor, audit } = doing
  const after = await updateRequest(tx, row.id, {
    state: requestAfter(row.state, 'cancel') ?? row.state,
    ended_at: new Date(now),
    ended_by: actor.id ?? null,
    ended_reason: reason ?? null,
  })
  audit({
    action: 'CANCEL',
    targetType: 'REQUEST',
    targets: [requestTarget(row)],
    payload: { type: 'RequestCanceled', ...(reason === undefined ? {} : { reason }) },
  })
  // Whoever was asked to decide need not look any more.
  const { people: deciders } = await decidersOf(tx, await reviewOf(tx, row), await aboutOf(tx, row), {
    limit: mostTold,
  })
  const asked = deciders.map(one => one.id)
  const people = [row.requester_id, row.beneficiary_id, ...(await involvedIn(tx, row.id)), ...asked]
  await tell(doing, 'request.canceled', after, { people, reason })
  return after
}

/** Ends what the request gave and nothing else; with `all` what every other request of theirs for the same gave too. */
export async function revokeRequest(
  doing: Act,
  id: number,
  { reason, all }: { readonly reason: string; readonly all: boolean },
): Promise<{ readonly row: RequestRow; readonly others: readonly RequestRow[] }> {
  const row = await lockRequest(doing.tx, id)
  if (row.state !== 'approved') throw new Problem('request-over', { id, state: row.state })
  const same = (await requestsFor(doing.tx, row, row.beneficiary_id, 'approved')).filter(one => one.id !== id)
  const after = await revokeOne(doing, row, reason)
  if (!all) return { row: after, others: same.filter(({ until }) => until === null || until > doing.now) }
  for (const one of same) {
    const locked = await lockRequest(doing.tx, one.id)
    if (locked.state === 'approved') await revokeOne(doing, locked, reason)
  }
  return { row: after, others: [] }
}

async function revokeOne(doing: Act, row: RequestRow, reason: string): Promise<RequestRow> {
  if (row.product_id === null) await removeMemberByRequest(doing, row.id)
  else await endMemberships(doing, { request: row.id }, 'membership-revoked')
  const after = await updateRequest(doing.tx, row.id, {
    state: 'revoked',
    ended_at: new Date(doing.now),
    ended_by: doing.actor.id ?? null,
    ended_reason: reason,
  })
  doing.audit({
    action: 'REVOKE',
    targetType: 'REQUEST',
    targets: [requestTarget(row)],
    relatedResources: [{ type: 'USER', id: String(row.beneficiary_id) }],
    payload: { type: 'RequestRevoked', reason },
  })
  await tell(doing, 'membership.revoked', after, { people: [row.beneficiary_id, row.requester_id], reason })
  return after
}
