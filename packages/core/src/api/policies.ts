/** Policies: grant policies let people in, guardrails are minimums that everyone must meet (04). */
import { z } from 'zod'
import { dottedName, id, idParam, instant, level, name, nothing, page, pageQuery, text } from './common.ts'
import { endpoint } from './endpoint.ts'

const condition = z.union(
  [
    z.strictObject({ tag: dottedName }),
    z.strictObject({ integration: idParam }),
    /** A scope such as `s3://lake/finance/*`: data sources that lie inside it. */
    z.strictObject({ scope: z.string().max(2100) }),
    /** A glob over the data source's name; grant policies only. */
    z.strictObject({ name: z.string().min(1).max(255) }),
  ],
  { error: 'must be one of `tag`, `integration`, `scope`, `name`, and nothing else' },
)
export const policyInput = z.strictObject({
  name,
  kind: z.enum(['grant', 'guardrail']),
  level,
  appliesTo: z.union(
    [
      z.strictObject({ everything: z.literal(true) }),
      z.strictObject({ any: z.array(condition).min(1).max(100) }),
      z.strictObject({ all: z.array(condition).min(1).max(100) }),
    ],
    { error: 'must be `everything: true`, or `any` or `all` with a list of 1 to 100 conditions' },
  ),
  who: z.union([z.strictObject({ when: z.string().min(1) }), z.strictObject({ everyone: z.literal(true) })], {
    error: 'must be `when` with an expression, or `everyone: true`',
  }),
  description: text.default(''),
  state: z.enum(['staged', 'active']).default('staged'),
})
export type PolicyInput = z.input<typeof policyInput>

/** What would surprise is done only where the caller says that it is meant (04). */
const acknowledge = z
  .array(z.enum(['open-by-absence']))
  .max(10)
  .default([])

export const policy = z.object({
  id,
  version: z.number().int(),
  ...policyInput.shape,
  description: z.string(),
  state: z.enum(['staged', 'active']),
  protected: z.boolean(),
  /** Findings about the expression: groups, keys, tags that do not exist; always or never true. */
  warnings: z.array(
    z.object({ code: z.string(), message: z.string(), line: z.number(), column: z.number(), length: z.number() }),
  ),
  createdAt: instant,
  createdBy: z.string(),
  updatedAt: instant,
})
export type Policy = z.output<typeof policy>

const params = z.object({ id: idParam })
const needs = ['GOVERNANCE'] as const

export const policies = {
  list: endpoint({
    method: 'GET',
    path: '/policies',
    summary: 'Policies, by name',
    needs: ['GOVERNANCE', 'CREATE_S3_DATASOURCE', 'AUDIT'],
    query: pageQuery.extend({ state: z.enum(['staged', 'active']).optional() }),
    status: 200,
    response: page(policy),
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/policies/{id}',
    summary: 'One policy',
    needs: ['GOVERNANCE', 'CREATE_S3_DATASOURCE', 'AUDIT'],
    params,
    status: 200,
    response: policy,
    errors: ['policy-not-found'],
  }),
  create: endpoint({
    method: 'POST',
    path: '/policies',
    summary: 'Create a policy, staged unless said otherwise',
    needs,
    body: policyInput.extend({ acknowledge }),
    status: 201,
    response: policy,
    errors: ['policy-invalid', 'policy-open-by-absence', 'policy-name-taken', 'integration-not-found'],
  }),
  edit: endpoint({
    method: 'PUT',
    path: '/policies/{id}',
    summary: 'Replace a policy by a new version',
    needs,
    params,
    body: policyInput.omit({ state: true }).extend({ acknowledge }),
    ifMatch: true,
    status: 200,
    response: policy,
    errors: [
      'policy-not-found',
      'policy-invalid',
      'policy-open-by-absence',
      'policy-name-taken',
      'policy-protected',
      'integration-not-found',
      'version-missing',
      'version-stale',
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
    status: 200,
    response: policy,
    errors: ['policy-not-found', 'policy-open-by-absence', 'policy-protected', 'version-missing', 'version-stale'],
  }),
  stage: endpoint({
    method: 'POST',
    path: '/policies/{id}/stage',
    summary: 'Keep a policy, apply it to nothing',
    needs,
    params,
    ifMatch: true,
    status: 200,
    response: policy,
    errors: ['policy-not-found', 'policy-protected', 'version-missing', 'version-stale'],
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/policies/{id}',
    summary: 'Delete a policy; its versions stay in the history',
    needs,
    params,
    ifMatch: true,
    status: 204,
    response: nothing,
    errors: ['policy-not-found', 'policy-protected', 'version-missing', 'version-stale'],
  }),
}
