/** Policies: grant policies let people in, guardrails are minimums that everyone must meet (04). */
import { z } from 'zod'
import { dottedName, id, idParam, instant, level, name, newName, nothing, page, pageQuery, text } from './common.ts'
import { endpoint } from './endpoint.ts'
import { rules } from './needs.ts'
import { reviewInput, reviewShown } from './review-stages.ts'

const condition = z.union(
  [
    z.strictObject({ tag: dottedName }),
    z.strictObject({ domain: name }),
    z.strictObject({ integration: idParam }),
    /** A scope such as `s3://lake/finance/*`: data sources that lie inside it. */
    z.strictObject({ scope: z.string().max(2100) }),
    /** A glob over the data source's name; grant policies only. */
    z.strictObject({ name: z.string().min(1).max(255) }),
  ],
  { error: 'must be one of `tag`, `domain`, `integration`, `scope`, `name`, and nothing else' },
)
const kind = z.enum(['grant', 'guardrail'])
const appliesTo = z.union(
  [
    z.strictObject({ everything: z.literal(true) }),
    /** Those for which their owners picked the policy. */
    z.strictObject({ selected: z.literal(true) }),
    z.strictObject({ any: z.array(condition).min(1).max(100) }),
    z.strictObject({ all: z.array(condition).min(1).max(100) }),
  ],
  { error: 'must be `everything: true`, `selected: true`, or `any` or `all` with a list of 1 to 100 conditions' },
)
/** `onRequest` lets nobody in: people may ask, and who is approved becomes a member of the data source. */
const whoOf = (review: typeof reviewInput | typeof reviewShown) =>
  z.union(
    [
      z.strictObject({ when: z.string().min(1) }),
      z.strictObject({ everyone: z.literal(true) }),
      z.strictObject({ onRequest: z.strictObject({ review }) }),
    ],
    { error: 'must be `when` with an expression, `everyone: true`, or `onRequest` with a `review`' },
  )
const who = whoOf(reviewInput)
const whoShown = whoOf(reviewShown)

/** `manual`: who qualifies must have subscribed too. */
const subscribe = z.enum(['automatic', 'manual'])

/** What a version of a policy says. */
export const policyContent = z.strictObject({
  name: newName,
  kind,
  level,
  appliesTo,
  who,
  subscribe: subscribe.default('automatic'),
  /** Whether people who do not qualify may still find the data sources it applies to. */
  discoverable: z.boolean().default(false),
  description: text.default(''),
})

/** How far a policy's authority goes, for ever: one domain, one data source, or with neither everywhere. */
const reachInput = { domain: name.optional(), dataSource: idParam.optional() }
const reach = { domain: z.string().optional(), dataSource: z.object({ id, name: z.string() }).optional() }

/** What a policy may be that is applied only once somebody said that they mean it. */
const acknowledgement = z.enum(['open-by-absence'])
const acknowledge = z.array(acknowledgement).max(10).default([])

/** Of one data source it applies to all of its reach and may leave `appliesTo` out; any other must say it. */
const content = policyContent.extend({ appliesTo: appliesTo.optional() })
export const newPolicy = content.extend(reachInput)

const policyInput = newPolicy.extend({ state: z.enum(['staged', 'active']).default('staged'), acknowledge })
export type PolicyInput = z.input<typeof policyInput>

const state = z.enum(['staged', 'active', 'archived'])
const place = { line: z.number().int(), column: z.number().int(), length: z.number().int() }

/** A finding worth a second look, now: groups, keys, values, users, tags that do not exist; always or never true. */
const warning = z.object({
  code: z.string(),
  message: z.string(),
  /** `who.when`, or the condition, such as `appliesTo.any.0`. */
  path: z.string(),
  /** In the expression, from 1; without a place of its own a finding is about the whole. */
  ...place,
  /** The nearest name that exists. */
  didYouMean: z.string().optional(),
})

/** Always there in an answer. */
const shown = { who: whoShown, subscribe, discoverable: z.boolean(), description: z.string() }

export const policy = z.object({
  id,
  version: z.number().int(),
  ...policyContent.shape,
  ...shown,
  ...reach,
  state,
  protected: z.boolean(),
  warnings: z.array(warning),
  createdAt: instant,
  createdBy: z.string(),
  updatedAt: instant,
})
export type Policy = z.output<typeof policy>

const versionNumber = z.coerce.number().int().min(1).max(2_147_483_647)

const policyVersion = z.object({
  policyId: id,
  version: z.number().int(),
  ...policyContent.shape,
  ...shown,
  ...reach,
  state: z.enum([...state.options, 'deleted']),
  /** What made this version. */
  change: z.enum(['created', 'cloned', 'edited', 'restored', 'activated', 'staged', 'archived', 'deleted']),
  /** Whose content it took over, when it was cloned or restored. */
  from: z.object({ policyId: id, version: z.number().int() }).optional(),
  createdAt: instant,
  createdBy: z.string(),
})
export type PolicyVersion = z.output<typeof policyVersion>

const valuesOf = <T extends z.ZodType>(value: T) => ({ before: value, after: value })
const fieldChange = z.discriminatedUnion('field', [
  z.object({ field: z.literal('name'), ...valuesOf(z.string()) }),
  z.object({ field: z.literal('kind'), ...valuesOf(kind) }),
  z.object({ field: z.literal('level'), ...valuesOf(level) }),
  z.object({ field: z.literal('subscribe'), ...valuesOf(subscribe) }),
  z.object({ field: z.literal('discoverable'), ...valuesOf(z.boolean()) }),
  z.object({ field: z.literal('description'), ...valuesOf(z.string()) }),
  z.object({ field: z.literal('state'), ...valuesOf(policyVersion.shape.state) }),
  z.object({
    field: z.literal('appliesTo'),
    ...valuesOf(appliesTo),
    /** Conditions of the one that the other lacks, in their order. */
    removed: z.array(condition),
    added: z.array(condition),
  }),
  z.object({
    field: z.literal('who'),
    ...valuesOf(whoShown),
    /** Both expressions in canonical form, merged; where no part changed, only the layout did. */
    expression: z.array(z.object({ is: z.enum(['same', 'removed', 'added']), text: z.string() })).optional(),
  }),
])

const ruleName = z.string().min(1).max(1024)
/** The simple builder's list: any or all of some groups and attributes. */
const rule = z.strictObject({
  match: z.enum(['any', 'all']),
  conditions: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({
          kind: z.literal('groups'),
          match: z.enum(['any', 'all']),
          groups: z.array(ruleName).max(1000),
        }),
        /** Without a value: any value under the key. */
        z.strictObject({ kind: z.literal('attribute'), key: ruleName, value: ruleName.exactOptional() }),
      ]),
    )
    .max(200),
})

const draft = z.strictObject({
  kind: kind.default('grant'),
  appliesTo: appliesTo.optional(),
  subscribe: subscribe.optional(),
  discoverable: z.boolean().optional(),
  ...reachInput,
  who: z.union(
    [
      z.strictObject({ when: z.string() }),
      z.strictObject({ rule }),
      z.strictObject({ everyone: z.literal(true) }),
      z.strictObject({ onRequest: z.strictObject({ review: reviewInput }) }),
    ],
    {
      error:
        'must be `when` with an expression, `rule` with a list of groups and attributes, `everyone: true`, or `onRequest` with a `review`',
    },
  ),
})

const lint = z.object({
  /** Whether such a policy could be stored. */
  valid: z.boolean(),
  /** What is wrong with the expression. */
  errors: z.array(
    z.object({
      code: z.string(),
      message: z.string(),
      ...place,
      /** What could have stood there. */
      expected: z.array(z.string()),
      didYouMean: z.string().optional(),
    }),
  ),
  /** What is wrong with the rest. */
  issues: z.array(z.object({ path: z.string(), message: z.string() })),
  warnings: z.array(warning),
  /** What applying it would have to acknowledge. */
  acknowledge: z.array(acknowledgement),
  /** The canonical text of an expression that can be read. */
  canonical: z.string().optional(),
  /** The same for the simple builder, when the expression has that shape. */
  rule: rule.optional(),
})

const params = z.object({ id: idParam })
const needs = rules.writePolicy
const readers = rules.readPolicy
const versionErrors = ['policy-not-found', 'policy-protected', 'version-missing', 'version-stale'] as const

export const policies = {
  list: endpoint({
    method: 'GET',
    path: '/policies',
    summary: 'Policies that the caller may read; archived ones with `state=archived` only',
    needs: rules.listPolicies,
    query: pageQuery.extend({
      /** Upwards by one of these, or downwards with `-`. */
      sort: z
        .enum(['name', '-name', 'kind', '-kind', 'level', '-level', 'state', '-state', 'createdAt', '-createdAt'])
        .default('name'),
      state: state.optional(),
      kind: kind.optional(),
      /** Of the reach of one domain. */
      domain: name.optional(),
      /** Of the reach of one data source. */
      dataSource: idParam.optional(),
      /** Those that data owners pick. */
      selectable: z.stringbool().optional(),
    }),
    status: 200,
    response: page(policy),
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/policies/{id}',
    summary: 'One policy',
    needs: readers,
    params,
    status: 200,
    response: policy,
    errors: ['policy-not-found'],
  }),
  create: endpoint({
    method: 'POST',
    path: '/policies',
    summary: 'Create a policy, staged unless said otherwise; of a `domain`, of a `dataSource`, or with neither global',
    needs,
    body: policyInput,
    ifPreview: true,
    status: 201,
    response: policy,
    errors: [
      'policy-invalid',
      'policy-name-taken',
      'policy-open-by-absence',
      'name-reserved',
      'integration-not-found',
      'domain-not-found',
      'data-source-not-found',
    ],
  }),
  check: endpoint({
    method: 'POST',
    path: '/policies/check',
    summary: 'What is wrong or odd with a draft, its canonical text and simple form; nothing is stored',
    needs: rules.checkPolicy,
    body: draft,
    status: 200,
    response: lint,
    errors: [],
  }),
  names: endpoint({
    method: 'GET',
    path: '/policies/names',
    summary: 'Names in use that an expression may say, as somebody types one; those that begin with it first',
    needs: rules.checkPolicy,
    query: z.strictObject({
      kind: z.enum(['group', 'user', 'tag', 'key', 'value']),
      /** For values: the key that they are under. */
      key: z.string().max(1024).optional(),
      search: z.string().max(255).optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
    status: 200,
    response: z.object({ names: z.array(z.string()) }),
    errors: [],
  }),
  edit: endpoint({
    method: 'PUT',
    path: '/policies/{id}',
    summary: 'Replace a policy by a new version',
    needs,
    params,
    body: content.extend({ acknowledge }),
    ifMatch: true,
    ifPreview: true,
    status: 200,
    response: policy,
    errors: [
      ...versionErrors,
      'policy-archived',
      'policy-invalid',
      'policy-name-taken',
      'policy-open-by-absence',
      'name-reserved',
      'integration-not-found',
    ],
  }),
  activate: endpoint({
    method: 'POST',
    path: '/policies/{id}/activate',
    summary: 'Apply a staged policy',
    needs,
    params,
    body: z.strictObject({ acknowledge }).optional(),
    ifMatch: true,
    ifPreview: true,
    status: 200,
    response: policy,
    errors: [...versionErrors, 'policy-archived', 'policy-open-by-absence'],
  }),
  stage: endpoint({
    method: 'POST',
    path: '/policies/{id}/stage',
    summary: 'Keep a policy, apply it to nothing; brings an archived one back',
    needs,
    params,
    ifMatch: true,
    ifPreview: true,
    status: 200,
    response: policy,
    errors: versionErrors,
  }),
  archive: endpoint({
    method: 'POST',
    path: '/policies/{id}/archive',
    summary: 'Put a policy away: applied to nothing, and not editable until it is staged again',
    needs,
    params,
    ifMatch: true,
    ifPreview: true,
    status: 200,
    response: policy,
    errors: versionErrors,
  }),
  clone: endpoint({
    method: 'POST',
    path: '/policies/{id}/clone',
    summary: 'A staged copy under another name, of the same reach',
    needs,
    params,
    body: z.strictObject({ name: newName }),
    status: 201,
    response: policy,
    errors: ['policy-not-found', 'policy-invalid', 'policy-name-taken', 'integration-not-found', 'name-reserved'],
  }),
  restore: endpoint({
    method: 'POST',
    path: '/policies/{id}/restore',
    summary: 'A new version with the content of an older one; the state stays',
    needs,
    params,
    body: z.strictObject({ version: versionNumber, acknowledge }),
    ifMatch: true,
    ifPreview: true,
    status: 200,
    response: policy,
    errors: [
      ...versionErrors,
      'policy-version-not-found',
      'policy-archived',
      'policy-invalid',
      'policy-name-taken',
      'policy-open-by-absence',
      'name-reserved',
      'integration-not-found',
    ],
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/policies/{id}',
    summary: 'Delete a policy; its versions stay in the history',
    needs,
    params,
    ifMatch: true,
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: versionErrors,
  }),
  versions: endpoint({
    method: 'GET',
    path: '/policies/{id}/versions',
    summary: 'Every version of a policy, newest first; of a deleted one too',
    needs: readers,
    params,
    query: pageQuery.omit({ search: true }),
    status: 200,
    response: page(policyVersion),
    errors: ['policy-not-found'],
  }),
  version: endpoint({
    method: 'GET',
    path: '/policies/{id}/versions/{version}',
    summary: 'One version of a policy, as it was',
    needs: readers,
    params: params.extend({ version: versionNumber }),
    status: 200,
    response: policyVersion,
    errors: ['policy-not-found', 'policy-version-not-found'],
  }),
  diff: endpoint({
    method: 'GET',
    path: '/policies/{id}/diff',
    summary: 'What differs between two versions, field by field; expressions in canonical form',
    needs: readers,
    params,
    query: z.strictObject({ from: versionNumber, to: versionNumber }),
    status: 200,
    response: z.object({ policyId: id, from: policyVersion, to: policyVersion, changes: z.array(fieldChange) }),
    errors: ['policy-not-found', 'policy-version-not-found'],
  }),
}
