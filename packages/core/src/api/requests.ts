/** Requests for access: asked for a data product or a data source, decided by people, ended by a date (06). */
import { z } from 'zod'
import { parseDuration } from '../duration.ts'
import { requestStates } from '../request.ts'
import { id, idParam, instant, level, page, pageQuery, text } from './common.ts'
import { productId } from './data-products.ts'
import { endpoint } from './endpoint.ts'
import { explainedFix } from './explain.ts'
import { rules } from './needs.ts'
import { integrationEffect } from './preview.ts'
import { principalAdviceOf } from './principals.ts'

const duration = z
  .string()
  .max(20)
  .refine(given => parseDuration(given) !== undefined, 'must be a number and a unit, such as `12h`, `30d` or `1y`')
const answer = z.union([z.string().max(10_000), z.number(), z.array(z.string().max(255)).max(100)], {
  error: 'must be a text, a number or a list of texts',
})

const newRequest = z.strictObject({
  /** Whom it is for: a user who stands for a role, or a service; oneself unless said. */
  for: idParam.optional(),
  level: level.default('READ'),
  /** By the ids of the form's fields. */
  answers: z.record(z.string().max(100), answer).default({}),
  /** Those accepted, in the versions that were read. */
  agreements: z
    .array(z.strictObject({ id: idParam, version: z.number().int().positive().max(2_147_483_647) }))
    .max(50)
    .default([]),
  /** Such as `30d`; without it, no end, where that may be asked for. */
  duration: duration.optional(),
  /** Sent twice with the same key, it is one request. */
  idempotencyKey: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not hold control characters')
    .optional(),
})

const person = z.object({ id, userid: z.string(), name: z.string() })
const state = z.enum(requestStates)
const subject = {
  /** What for; one of them. */
  dataProduct: z.object({ id: z.string(), name: z.string() }).optional(),
  dataSource: z.object({ id, name: z.string() }).optional(),
}

const request = z.object({
  id,
  state,
  ...subject,
  for: person,
  by: person,
  /** What `for` stands for, where somebody else asked. */
  onBehalf: z.enum(['role-user', 'service']).optional(),
  level,
  /** As asked for; absent: without an end. */
  duration: z.string().optional(),
  /** Asked for while let in: an approval moves the end, if it is later. */
  extension: z.boolean(),
  createdAt: instant,
  /** While pending: when it is over if nobody decides. */
  expiresAt: instant.optional(),
  /** While pending: the open stage, from 1. */
  stage: z.object({ number: z.number().int(), of: z.number().int() }).optional(),
  decidedAt: instant.optional(),
  /** Approved: when access by it ends; absent: never. */
  until: instant.optional(),
  /** Canceled, expired, revoked, or access that is over. */
  ended: z.object({ at: instant, by: person.optional(), reason: z.string().optional() }).optional(),
})
export type AccessRequest = z.output<typeof request>

const comment = z.object({ id, by: person, text: z.string(), at: instant })

const decision = z.object({
  /** From 1. */
  stage: z.number().int(),
  by: person,
  verdict: z.enum(['approve', 'deny']),
  /** What made them eligible, in words. */
  criteria: z.array(z.string()),
  reason: z.string().optional(),
  /** For no longer than that; absent: as asked for, or without an end. */
  duration: z.string().optional(),
  withoutEnd: z.boolean(),
  at: instant,
})

const form = z.object({
  id,
  version: z.number().int(),
  name: z.string(),
})

/** One after the other; of each, any one or all of those named have to approve. */
const stages = z.array(z.object({ match: z.enum(['any', 'all']), criteria: z.array(z.string()) }))

const detail = request.extend({
  form,
  answers: z.array(z.object({ id: z.string(), label: z.string(), answer })),
  agreements: z.array(z.object({ id, version: z.number().int(), name: z.string() })),
  /** The review flow, or the policy that opens requests, at the version that counts. */
  flow: z.object({ id, version: z.number().int() }).optional(),
  policy: z.object({ id, version: z.number().int() }).optional(),
  /** Place of the rule that held, from 0; absent: none of them. */
  rule: z.number().int().optional(),
  /** None: it was approved at once. */
  stages,
  decisions: z.array(decision),
  comments: z.number().int(),
  /** Whom an approval reaches, as known when it was asked. */
  advice: z.array(principalAdviceOf),
  /** What the caller may do about it now. */
  you: z.object({
    decide: z.boolean(),
    /** Why not. */
    why: z.string().optional(),
    /** What makes them eligible, in words. */
    criteria: z.array(z.string()),
    cancel: z.boolean(),
    revoke: z.boolean(),
    /** Ask for the same for longer, or again. */
    extend: z.boolean(),
  }),
})
export type AccessRequestDetail = z.output<typeof detail>

const named = z.object({ id, name: z.string() })
const sourceStatus = z.object({
  dataSource: named,
  status: z.enum(['current', 'ifApproved', 'prevented']),
  /** What is reached now; absent: nothing. */
  level: level.optional(),
  /** Of what is reached already: when it ends by its own date. */
  until: instant.optional(),
  /** Of what is prevented: the guardrails in the way. */
  guardrails: z.array(named.extend({ via: named.optional() })),
  obstacles: z.array(z.string()),
  /** Of what is prevented: each alone, with the approval, would give access; empty: more than one thing is missing. */
  missing: z.array(explainedFix),
})
const status = z.object({
  for: person,
  level,
  /** Whether somebody may ask for this now; else why not. */
  requestable: z.boolean(),
  why: z.string().optional(),
  /** The request for the same that waits for a decision. */
  waiting: id.optional(),
  /** Whether it would be an extension. */
  extension: z.boolean(),
  dataSources: z.array(sourceStatus),
  advice: z.array(principalAdviceOf),
  /** What would become of it, asked for so long: approved at once, for that at most, or put before people. */
  review: z.object({ outcome: z.enum(['approve', 'review']), duration: z.string().optional(), stages }),
  /** What will be asked. */
  form: form.extend({
    fields: z.array(z.looseObject({ id: z.string(), type: z.string(), label: z.string(), required: z.boolean() })),
    duration: z.object({
      label: z.string(),
      suggested: z.array(z.string()),
      most: z.string().optional(),
      withoutEnd: z.boolean(),
    }),
    agreements: z.array(z.object({ id, version: z.number().int(), name: z.string(), text: z.string() })),
  }),
})
export type AccessStatus = z.output<typeof status>

const review = z.object({
  request: detail,
  /** The newest ones on other requests for the same. */
  pastDecisions: z.array(
    z.object({
      request: id,
      for: person,
      verdict: z.enum(['approve', 'deny']),
      reason: z.string().optional(),
      at: instant,
    }),
  ),
  /** How many people who share a group with the beneficiary were approved or denied; counts, no advice. */
  alike: z.object({
    approved: z.number().int(),
    denied: z.number().int(),
    groups: z.array(z.object({ group: z.string(), approved: z.number().int(), denied: z.number().int() })),
  }),
  /** What an approval would do now. */
  effect: z.object({
    dataSources: z.array(sourceStatus),
    /** Data sources that the beneficiary would reach, or reach at a higher level. */
    gained: z.number().int(),
    integrations: z.array(integrationEffect),
  }),
  /** Whom an approval reaches, as known now. */
  advice: z.array(principalAdviceOf),
  /** Of the open stage: who may decide, the caller included. */
  deciders: z.array(z.object({ criterion: z.string(), count: z.number().int(), people: z.array(person) })),
  /** Nobody who is there can complete the open stage. */
  stuck: z.boolean(),
})

const listQuery = pageQuery.extend({
  /** Upwards by one of these, or downwards with `-`; `name`: that of what is asked for. */
  sort: z.enum(['createdAt', '-createdAt', 'name', '-name', 'state', '-state']).default('-createdAt'),
  state: state.optional(),
  /** Of this person: made by them or for them. */
  user: idParam.optional(),
})
const params = z.object({ id: idParam })
const productParams = z.object({ id: productId })
const reason = text.trim().min(1)

const askErrors = [
  'user-not-found',
  'user-disabled',
  'request-on-behalf-refused',
  'request-prevented',
  'request-needless',
  'request-waits',
  'requests-too-many',
  'idempotency-key-used',
] as const
const statusQuery = z.strictObject({
  for: idParam.optional(),
  level: level.default('READ'),
  /** Such as `30d`, since who decides may hang on it; without it, no end. */
  duration: duration.optional(),
})

export const requests = {
  askForProduct: endpoint({
    method: 'POST',
    path: '/data-products/{id}/requests',
    summary: 'Ask for access to a data product, for oneself, for a user who stands for a role, or for a service',
    needs: 'signedIn',
    params: productParams,
    body: newRequest,
    status: 201,
    response: request,
    errors: ['data-product-not-found', 'data-product-closed', ...askErrors],
  }),
  askForDataSource: endpoint({
    method: 'POST',
    path: '/data-sources/{id}/requests',
    summary: 'The same for a data source of which a policy says `onRequest`',
    needs: rules.findDataSource,
    params,
    body: newRequest.extend({
      /** Which one, where several do; the oldest unless said. */
      policy: idParam.optional(),
    }),
    status: 201,
    response: request,
    errors: ['data-source-not-found', 'data-source-disabled', 'request-not-opened', ...askErrors],
  }),
  statusOfProduct: endpoint({
    method: 'GET',
    path: '/data-products/{id}/access-status',
    summary: 'Before asking: what is reached, what would be, what is prevented and by what, and what will be asked',
    needs: 'signedIn',
    params: productParams,
    query: statusQuery,
    status: 200,
    response: status,
    errors: ['data-product-not-found', 'user-not-found', 'user-disabled', 'request-on-behalf-refused'],
  }),
  statusOfDataSource: endpoint({
    method: 'GET',
    path: '/data-sources/{id}/access-status',
    summary: 'The same of a data source of which a policy says `onRequest`',
    needs: rules.findDataSource,
    params,
    query: statusQuery.extend({ policy: idParam.optional() }),
    status: 200,
    response: status,
    errors: [
      'data-source-not-found',
      'request-not-opened',
      'user-not-found',
      'user-disabled',
      'request-on-behalf-refused',
    ],
  }),
  extend: endpoint({
    method: 'POST',
    path: '/requests/{id}/extension',
    summary: 'Ask for what was approved for longer, or again: with the answers given and the agreements accepted then',
    needs: rules.extendRequest,
    params,
    body: newRequest.pick({ duration: true, idempotencyKey: true }).optional(),
    status: 201,
    response: request,
    errors: [
      'request-not-found',
      'request-over',
      'data-product-not-found',
      'data-product-closed',
      'data-source-not-found',
      'data-source-disabled',
      'request-not-opened',
      ...askErrors,
    ],
  }),
  beneficiaries: endpoint({
    method: 'GET',
    path: '/request-beneficiaries',
    summary: 'For whom the caller may ask besides themselves: users who stand for roles, and services, by user name',
    needs: 'signedIn',
    query: pageQuery,
    status: 200,
    response: page(person.extend({ kind: z.enum(['role-user', 'service']) })),
    errors: [],
  }),
  list: endpoint({
    method: 'GET',
    path: '/requests',
    summary: 'Requests: one’s own, those one may decide, or all that one may read',
    needs: rules.listRequests,
    query: listQuery.extend({
      /** `mine`: made by or for the caller. `toDecide`: pending, and the caller may decide now. */
      box: z.enum(['mine', 'toDecide', 'all']).default('mine'),
      dataSource: idParam.optional(),
    }),
    status: 200,
    response: page(request),
    errors: [],
  }),
  ofProduct: endpoint({
    method: 'GET',
    path: '/data-products/{id}/requests',
    summary: 'Requests for one data product that the caller may read',
    needs: rules.listRequests,
    params: productParams,
    query: listQuery,
    status: 200,
    response: page(request),
    errors: ['data-product-not-found'],
  }),
  get: endpoint({
    method: 'GET',
    path: '/requests/{id}',
    summary: 'One request: what was answered and accepted, its stages and decisions, and what the caller may do',
    needs: rules.readRequest,
    params,
    status: 200,
    response: detail,
    errors: ['request-not-found'],
  }),
  review: endpoint({
    method: 'GET',
    path: '/requests/{id}/review',
    summary: 'What there is to know for a decision: past ones, people alike, what it would do, whom it reaches',
    needs: rules.reviewRequest,
    params,
    status: 200,
    response: review,
    errors: ['request-not-found'],
  }),
  decide: endpoint({
    method: 'POST',
    path: '/requests/{id}/decisions',
    summary: 'Approve or deny in the open stage; a decision stays',
    needs: rules.readRequest,
    params,
    body: z
      .strictObject({
        verdict: z.enum(['approve', 'deny']),
        reason: reason.optional(),
        /** Approved for no longer than that; absent: as asked for. */
        duration: duration.optional(),
        /** Approved without an end, where that may be given. */
        withoutEnd: z.boolean().default(false),
      })
      .refine(({ duration, withoutEnd }) => duration === undefined || !withoutEnd, {
        path: ['withoutEnd'],
        message: 'cannot go with `duration`',
      })
      .refine(({ verdict, reason }) => verdict === 'approve' || reason !== undefined, {
        path: ['reason'],
        message: 'is needed with `deny`: say why',
      })
      .refine(({ verdict, duration, withoutEnd }) => verdict === 'approve' || (duration === undefined && !withoutEnd), {
        path: ['duration'],
        message: 'cannot go with `deny`',
      }),
    status: 201,
    response: detail,
    errors: [
      'request-not-found',
      'request-over',
      'decision-not-yours',
      'data-product-not-found',
      'data-product-closed',
      'data-source-not-found',
      'data-source-disabled',
      'request-not-opened',
      'user-not-found',
      'user-disabled',
    ],
  }),
  comments: endpoint({
    method: 'GET',
    path: '/requests/{id}/comments',
    summary: 'What was said about a request, oldest first',
    needs: rules.readRequest,
    params,
    query: pageQuery.omit({ search: true }),
    status: 200,
    response: page(comment),
    errors: ['request-not-found'],
  }),
  comment: endpoint({
    method: 'POST',
    path: '/requests/{id}/comments',
    summary: 'Say something about a request; everybody who has a part in it is told',
    needs: rules.commentRequest,
    params,
    body: z.strictObject({ text: reason }),
    status: 201,
    response: comment,
    errors: ['request-not-found'],
  }),
  cancel: endpoint({
    method: 'POST',
    path: '/requests/{id}/cancel',
    summary: 'Withdraw a pending request; who made it or whom it is for',
    needs: rules.cancelRequest,
    params,
    body: z.strictObject({ reason: reason.optional() }).optional(),
    status: 200,
    response: request,
    errors: ['request-not-found', 'request-over'],
  }),
  revoke: endpoint({
    method: 'POST',
    path: '/requests/{id}/revoke',
    summary: 'Take back what an approved request gives; other approvals of the same stay unless `all` is said',
    needs: rules.revokeRequest,
    params,
    body: z.strictObject({
      reason,
      /** Every other approved request of this person for the same thing too. */
      all: z.boolean().default(false),
    }),
    status: 200,
    response: request.extend({
      /** Approved requests that go on giving the same. */
      stillGivenBy: z.array(z.object({ id, level, until: instant.optional() })),
    }),
    errors: ['request-not-found', 'request-over'],
  }),
}
