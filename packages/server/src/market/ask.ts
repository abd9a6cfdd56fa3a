/**
 * Asking for access: what is asked is checked, frozen and kept, then approved at once by a rule or put before people.
 *
 * Nothing that was typed approves by itself. What could change nothing, is there already or waits already is refused.
 */
import { createHash } from 'node:crypto'
import {
  accessStatus,
  autoApprovedFor,
  checkAccepted,
  checkAnswers,
  type EntitlementIndex,
  type Level,
  laterEnd,
  openReview,
  parseDuration,
  printDuration,
  type Stage,
  stagesOf,
  type UserId,
} from '@headgate/core'
import { type api, Problem } from '@headgate/core/api'
import type { z } from 'zod'
import { canonicalText } from '../canonical.ts'
import type { Act, Tx } from '../db/act.ts'
import { memberships } from '../db/membership.ts'
import { advisedOf } from '../db/principal-view.ts'
import {
  countWaiting,
  insertRequest,
  type RequestRow,
  requestByKey,
  requestsFor,
  requestTarget,
  type Thing,
} from '../db/request.ts'
import { presentAdvice } from '../directory/principal-advice.ts'
import type { Caller } from '../http/serve.ts'
import { approve } from './approve.ts'
import type { ReviewAbout } from './approvers.ts'
import { beneficiaryFor, type ChosenBeneficiary } from './beneficiary.ts'
import { tellStage } from './request-notices.ts'
import { aboutOf } from './request-review.ts'
import { type Limits, type Requestable, supposedApproval } from './requestable.ts'
import { routeBy } from './route.ts'
import { aboutBeneficiary } from './templates.ts'

export type Asked = z.output<typeof api.requests.askForProduct.body>

export interface Wanted {
  readonly thing: Thing
  /** Of those that open requests for it, the one that was named. */
  readonly policy?: number | undefined
  readonly find: (tx: Tx) => Promise<Requestable>
}

/** @throws Problem as the contract says; the same key again: the same request, whatever became of it */
export async function ask(
  doing: Act,
  caller: Caller,
  index: EntitlementIndex,
  pendingDays: number,
  body: Asked,
  { thing, policy, find }: Wanted,
): Promise<RequestRow> {
  const { tx } = doing
  const key = body.idempotencyKey
  const hash = createHash('sha256')
    .update(canonicalText({ ...body, thing, policy }))
    .digest()
  const known = key === undefined ? undefined : await requestByKey(tx, caller.id, key)
  if (known) return sameRequest(known, hash)
  const what = await find(tx)
  if (what.closed !== undefined) {
    throw new Problem('data-product-closed', { id: what.thing.product_id ?? '', state: what.closed })
  }
  const who = await beneficiaryFor(tx, caller, body.for)
  const askedMs = body.duration === undefined ? undefined : parseDuration(body.duration)
  refuseFaults(what, body, askedMs)
  refusePrevented(index, what, who, body.level)
  if ((await countWaiting(tx, caller.id)) >= mostWaiting) throw new Problem('requests-too-many', { most: mostWaiting })
  const extension = await isExtension(tx, what, who, body.level)
  const advice = await presentAdvice(tx, await advisedOf(tx, who.id))
  const route = await routeOf(tx, what, { requester: caller.id, beneficiary: who.id }, body.level, askedMs)
  const row = await insertRequest(tx, {
    ...what.thing,
    policy_id: 'policy' in what.by ? what.by.policy.id : null,
    policy_version: 'policy' in what.by ? what.by.policy.version : null,
    name: what.name,
    requester_id: caller.id,
    beneficiary_id: who.id,
    on_behalf: who.onBehalf,
    level: body.level,
    asked_ms: askedMs ?? null,
    extension,
    form_id: what.form.id,
    form_version: what.form.version,
    flow_id: 'flow' in what.by ? what.by.flow.id : null,
    flow_version: 'flow' in what.by ? what.by.flow.version : null,
    rule: route.rule,
    answers: JSON.stringify(body.answers),
    agreements: JSON.stringify(what.form.agreements.map(({ id, version, name }) => ({ id, version, name }))),
    advice: JSON.stringify(advice),
    stages: JSON.stringify(route.stages),
    expires_at: new Date(doing.now + pendingDays * 86_400_000),
    idempotency_key: key ?? null,
    idempotency_hash: key === undefined ? null : hash,
    opened_by: caller.openedBy ?? null,
  })
  if (!row) return refuseSecond(tx, caller, what, who, body, hash)
  doing.audit({
    action: 'CREATE',
    targetType: 'REQUEST',
    targets: [requestTarget(row)],
    relatedResources: [{ type: 'USER', id: String(who.id), name: who.userid }],
    payload: {
      type: 'RequestCreated',
      after: { level: row.level, ...(body.duration ? { duration: body.duration } : {}), extension, ...what.thing },
    },
  })
  if (route.stages.length === 0) return approve(doing, row, route.approvedMs)
  const review = openReview(route.stages, askedMs)
  await tellStage(doing, row, review, await aboutOf(tx, row))
  return row
}

/** Of one person: more would bury what others wait for, in every queue. */
const mostWaiting = 200

function sameRequest(row: RequestRow, hash: Buffer): RequestRow {
  if (row.idempotency_hash?.equals(hash)) return row
  throw new Problem('idempotency-key-used', { key: row.idempotency_key ?? '', id: row.id })
}

/** Somebody was faster. */
async function refuseSecond(
  tx: Tx,
  caller: Caller,
  { thing }: Requestable,
  who: ChosenBeneficiary,
  { idempotencyKey, level }: Asked,
  hash: Buffer,
): Promise<RequestRow> {
  const same = idempotencyKey === undefined ? undefined : await requestByKey(tx, caller.id, idempotencyKey)
  if (same) return sameRequest(same, hash)
  const waiting = (await requestsFor(tx, thing, who.id, 'pending')).find(one => one.level === level)
  throw new Problem('request-waits', { id: waiting?.id ?? 0 })
}

function refuseFaults({ form, levels, limits }: Requestable, body: Asked, askedMs: number | undefined): void {
  const faults = [
    ...checkAnswers(form.form, body),
    ...checkAccepted(form.agreements, body.agreements),
    ...(levels.includes(body.level)
      ? []
      : [{ path: 'level', message: `is not offered: ask for ${levels.join(' or ')}` }]),
  ]
  const message = durationFault(limits, askedMs)
  if (message !== undefined && !faults.some(({ path }) => path === 'duration')) {
    faults.push({ path: 'duration', message })
  }
  refuseBody(faults)
}

export function refuseBody(faults: readonly { readonly path: string; readonly message: string }[]): void {
  if (faults.length === 0) return
  const issues = faults.map(({ path, message }) => ({ path: `body.${path}`, message }))
  throw new Problem('request-invalid', {
    reason: issues.map(one => `\`${one.path}\` ${one.message}`).join('; '),
    issues,
  })
}

/** What is wrong with access for so long; undefined ms: without an end. */
export function durationFault({ longestMs, withoutEnd }: Limits, ms: number | undefined): string | undefined {
  if (ms === undefined) {
    return withoutEnd ? undefined : 'is required, such as `30d`: access without an end is not given here'
  }
  return longestMs !== undefined && ms > longestMs
    ? `must not be longer than \`${printDuration(longestMs)}\``
    : undefined
}

function refusePrevented(index: EntitlementIndex, what: Requestable, who: ChosenBeneficiary, level: Level): void {
  const statuses = statusesOf(index, what, who.id, level)
  if (statuses.length === 0 || statuses.some(({ status }) => status !== 'prevented')) return
  const guardrails = [...new Set(statuses.flatMap(one => one.guardrails.map(({ name }) => `guardrail \`${name}\``)))]
  const obstacles = [...new Set(statuses.flatMap(one => one.obstacles))]
  throw new Problem('request-prevented', { userid: who.userid, reason: [...guardrails, ...obstacles].join(', ') })
}

export function statusesOf(
  index: EntitlementIndex,
  { thing, dataSources }: Pick<Requestable, 'thing' | 'dataSources'>,
  person: number,
  level: Level,
) {
  return accessStatus(index, person as UserId, level, dataSources, supposedApproval(thing, person, level))
}

/** Whether they have it already, until some day. Throws Problem `request-needless` where that has no end. */
async function isExtension(tx: Tx, what: Requestable, who: ChosenBeneficiary, level: Level): Promise<boolean> {
  const end = await heldUntil(tx, what, who.id, level)
  if (end.held && end.until === undefined) throw new Problem('request-needless', { userid: who.userid })
  return end.held
}

/** What approvals give of it now, and how long. */
export async function heldUntil(
  tx: Tx,
  { thing }: Pick<Requestable, 'thing'>,
  person: number,
  level: Level,
): Promise<{ readonly held: boolean; readonly until?: number | undefined }> {
  const ends =
    thing.product_id === null
      ? await requestsFor(tx, thing, person, 'approved')
      : await memberships(tx, { product: thing.product_id, person }, { live: true })
  const given = ends.filter(one => one.level === 'WRITE' || level === 'READ').map(({ until }) => until ?? undefined)
  return given.length === 0 ? { held: false } : { held: true, until: given.reduce(laterEnd) }
}

interface Route {
  /** None: approved at once, for so long. */
  readonly stages: Stage[]
  readonly approvedMs: number | undefined
  readonly rule: number | null
}

/** What becomes of a request of these parties, made now. */
export async function routeOf(
  tx: Tx,
  { by }: Requestable,
  parties: Pick<ReviewAbout, 'requester' | 'beneficiary'>,
  level: Level,
  askedMs: number | undefined,
): Promise<Route> {
  if ('policy' in by) return { stages: [...by.stages], approvedMs: undefined, rule: null }
  const known = await aboutBeneficiary(tx, parties.beneficiary)
  if (!known) throw new Problem('user-not-found', { id: parties.beneficiary })
  const { rule, outcome } = await routeBy(tx, by.flow, { ...known, level, durationMs: askedMs }, parties)
  const approvedMs = 'approve' in outcome ? autoApprovedFor(outcome.approve, askedMs) : undefined
  return { stages: [...stagesOf(outcome)], approvedMs, rule: rule === 'otherwise' ? null : rule }
}
