/** Requests as the API shows them, to somebody. */

import type { DataSourceId, EntitlementIndex, Stage, StatusOnSource } from '@headgate/core'
import { criteriaOf, openStage, preview, printCriterion, printDuration, refusalOf, type UserId } from '@headgate/core'
import { type AccessRequest, type AccessRequestDetail, type api, rules } from '@headgate/core/api'
import type { z } from 'zod'
import { groundOf } from '../access/allow.ts'
import { openToQuestions } from '../access/places.ts'
import type { Tx } from '../db/act.ts'
import { findAnybody, type NamedPerson } from '../db/person-name.ts'
import { advisedOf } from '../db/principal-view.ts'
import {
  type CommentRow,
  countComments,
  decidedAlike,
  decisionsOf,
  pastDecisions,
  type RequestRow,
} from '../db/request.ts'
import { taggedSources } from '../db/tagged-source.ts'
import { findTemplateVersion } from '../db/template.ts'
import { presentAdvice } from '../directory/principal-advice.ts'
import type { Caller } from '../http/serve.ts'
import { integrationEffects } from '../previews/integration-effects.ts'
import { countDeciders, criteriaMetBy, decidersOf } from './approvers.ts'
import { statusesOf } from './ask.ts'
import { canBeAskedAgain } from './extend.ts'
import { toRequest } from './request-authority.ts'
import { aboutOf, reviewOf } from './request-review.ts'
import { supposedApproval } from './requestable.ts'

const day = (ms: number) => new Date(ms).toISOString()

export async function presentRequests(tx: Tx, rows: readonly RequestRow[]): Promise<AccessRequest[]> {
  const ids = rows.flatMap(row => [
    row.requester_id,
    row.beneficiary_id,
    ...(row.ended_by === null ? [] : [row.ended_by]),
  ])
  const people = await findAnybody(tx, [...new Set(ids)])
  const person = (id: number) => people.get(id) ?? nobody(id)
  return rows.map(row => ({
    id: row.id,
    state: row.state,
    ...(row.product_id === null ? {} : { dataProduct: { id: row.product_id, name: row.name } }),
    ...(row.data_source_id === null ? {} : { dataSource: { id: row.data_source_id, name: row.name } }),
    for: person(row.beneficiary_id),
    by: person(row.requester_id),
    ...(row.on_behalf === null ? {} : { onBehalf: row.on_behalf }),
    level: row.level,
    ...(row.asked_ms === null ? {} : { duration: printDuration(row.asked_ms) }),
    extension: row.extension,
    createdAt: day(row.created_at),
    ...(row.state === 'pending'
      ? { expiresAt: day(row.expires_at), stage: { number: row.stage + 1, of: row.stages.length } }
      : {}),
    ...(row.decided_at === null ? {} : { decidedAt: day(row.decided_at) }),
    ...(row.until === null ? {} : { until: day(row.until) }),
    ...(row.ended_at === null
      ? {}
      : {
          ended: {
            at: day(row.ended_at),
            ...(row.ended_by === null ? {} : { by: person(row.ended_by) }),
            ...(row.ended_reason === null ? {} : { reason: row.ended_reason }),
          },
        }),
  }))
}

export async function presentRequest(tx: Tx, row: RequestRow): Promise<AccessRequest> {
  const [one] = await presentRequests(tx, [row])
  return one as AccessRequest
}

export async function presentDetail(tx: Tx, caller: Caller, row: RequestRow): Promise<AccessRequestDetail> {
  const decisions = await decisionsOf(tx, row.id)
  const people = await findAnybody(
    tx,
    decisions.map(({ by_id }) => by_id),
  )
  const form = await findTemplateVersion(tx, 'form', row.form_id, row.form_version)
  return {
    ...(await presentRequest(tx, row)),
    form: { id: row.form_id, version: row.form_version, name: form.name },
    answers: form.content.fields.flatMap(({ id, label }) => {
      const answer = Object.hasOwn(row.answers, id) ? row.answers[id] : undefined
      return answer === undefined ? [] : [{ id, label, answer: typeof answer === 'object' ? [...answer] : answer }]
    }),
    agreements: row.agreements,
    ...(row.flow_id === null || row.flow_version === null
      ? {}
      : { flow: { id: row.flow_id, version: row.flow_version } }),
    ...(row.policy_id === null || row.policy_version === null
      ? {}
      : { policy: { id: row.policy_id, version: row.policy_version } }),
    ...(row.rule === null ? {} : { rule: row.rule }),
    stages: presentStages(row.stages),
    decisions: decisions.map(one => ({
      stage: one.stage + 1,
      by: people.get(one.by_id) ?? nobody(one.by_id),
      verdict: one.verdict,
      criteria: one.criteria_text,
      ...(one.reason === null ? {} : { reason: one.reason }),
      ...(one.for_ms === null ? {} : { duration: printDuration(one.for_ms) }),
      withoutEnd: one.without_end,
      at: day(one.at),
    })),
    comments: await countComments(tx, row.id),
    advice: row.advice,
    you: await yours(tx, caller, row),
  }
}

export function presentStages(stages: readonly Stage[]): AccessRequestDetail['stages'] {
  return stages.map(stage => ({
    match: 'any' in stage ? 'any' : 'all',
    criteria: criteriaOf(stage).map(printCriterion),
  }))
}

async function yours(tx: Tx, caller: Caller, row: RequestRow): Promise<AccessRequestDetail['you']> {
  const standing = toRequest(tx, caller, row)
  const may = async (rule: typeof rules.cancelRequest | typeof rules.extendRequest | typeof rules.revokeRequest) =>
    (await groundOf(caller, rule, standing)) !== undefined
  const also = {
    cancel: row.state === 'pending' && (await may(rules.cancelRequest)),
    revoke: row.state === 'approved' && (await may(rules.revokeRequest)),
    extend: canBeAskedAgain(row.state) && (await may(rules.extendRequest)),
  }
  const review = await reviewOf(tx, row)
  const stage = openStage(review)
  if (row.state !== 'pending' || !stage) return { decide: false, criteria: [], ...also }
  const met = await criteriaMetBy(tx, caller, review, await aboutOf(tx, row))
  if ('why' in met) return { decide: false, why: met.why, criteria: [], ...also }
  const words = met.met.flatMap(at => {
    const one = criteriaOf(stage)[at]
    return one ? [printCriterion(one)] : []
  })
  const why = refusalOf(review, caller.id as UserId, 'approve', met.met)
  return { decide: why === undefined, ...(why === undefined ? {} : { why }), criteria: words, ...also }
}

type Review = z.input<typeof api.requests.review.response>

/** @param index as of now */
export async function presentReview(tx: Tx, index: EntitlementIndex, caller: Caller, row: RequestRow): Promise<Review> {
  const past = await pastDecisions(tx, row, 5)
  const people = await findAnybody(
    tx,
    past.map(({ beneficiary }) => beneficiary),
  )
  const alike = await decidedAlike(tx, row)
  const whole = alike.find(({ group }) => group === null)
  const [review, about] = [await reviewOf(tx, row), await aboutOf(tx, row)]
  const stage = openStage(review)
  const counted = stage ? await countDeciders(tx, stage, about, 10) : []
  return {
    request: await presentDetail(tx, caller, row),
    pastDecisions: past.map(({ request, beneficiary, verdict, reason, at }) => ({
      request,
      for: people.get(beneficiary) ?? nobody(beneficiary),
      verdict,
      ...(reason === null ? {} : { reason }),
      at: day(at),
    })),
    alike: {
      approved: whole?.approved ?? 0,
      denied: whole?.denied ?? 0,
      groups: alike.flatMap(({ group, approved, denied }) => (group === null ? [] : [{ group, approved, denied }])),
    },
    effect: await effectOf(tx, index, row, await openToQuestions(tx, caller)),
    advice: await presentAdvice(tx, await advisedOf(tx, row.beneficiary_id)),
    deciders: (stage ? criteriaOf(stage) : []).map((criterion, at) => ({
      criterion: printCriterion(criterion),
      count: counted[at]?.count ?? 0,
      people: [...(counted[at]?.some ?? [])],
    })),
    stuck: row.state === 'pending' && (await decidersOf(tx, review, about, { limit: 1 })).stuck,
  }
}

async function effectOf(
  tx: Tx,
  index: EntitlementIndex,
  row: RequestRow,
  isOpen: (id: DataSourceId) => boolean,
): Promise<Review['effect']> {
  const dataSources = row.product_id === null ? [row.data_source_id ?? 0] : await taggedSources(tx, row.product_id)
  const change = supposedApproval(row, row.beneficiary_id, row.level)
  // In one turn, so that it is about one state.
  const statuses = statusesOf(
    index,
    { thing: row, dataSources: dataSources as DataSourceId[] },
    row.beneficiary_id,
    row.level,
  )
  const { movements, grants } = preview(index, change, { limit: 1 })
  return {
    dataSources: presentStatuses(index, statuses, isOpen),
    gained: movements.gained + movements.raised,
    integrations: await integrationEffects(tx, grants),
  }
}

type Shown = Review['effect']['dataSources']

/** @param isOpen of which data sources the reader may know by themselves: what brings a guardrail along may be none of them */
export function presentStatuses(
  { bindings }: EntitlementIndex,
  statuses: readonly StatusOnSource[],
  isOpen: (id: DataSourceId) => boolean,
): Shown {
  const named = (id: StatusOnSource['dataSource']) => ({ id, name: bindings.sources.get(id)?.row.name ?? String(id) })
  return statuses.map(({ dataSource, status, level, until, guardrails, obstacles, missing }) => ({
    dataSource: named(dataSource),
    status,
    ...(level === undefined ? {} : { level }),
    ...(until === undefined ? {} : { until: day(until) }),
    guardrails: guardrails.map(({ id, name, via }) => ({
      id,
      name,
      ...(via === undefined || !isOpen(via) ? {} : { via: named(via) }),
    })),
    obstacles: [...obstacles],
    missing: missing.map(one => {
      if (one.fix !== 'map') return one
      const { integration, ...rest } = one
      return { ...rest, integrationId: String(integration) }
    }),
  }))
}

export async function presentComments(tx: Tx, rows: readonly CommentRow[]) {
  const people = await findAnybody(
    tx,
    rows.map(({ by_id }) => by_id),
  )
  return rows.map(({ id, by_id, text, at }) => ({ id, by: people.get(by_id) ?? nobody(by_id), text, at: day(at) }))
}

function nobody(id: number): NamedPerson {
  return { id, userid: '', name: '' }
}
