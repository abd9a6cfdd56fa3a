/** Review flows: who decides about a request (06). */
import { z } from 'zod'
import { id, idParam, level, name, newName, text } from './common.ts'
import { domainRights } from './domains.ts'
import { endpoint, permissions } from './endpoint.ts'
import { rules } from './needs.ts'
import { templateRoutes } from './template-routes.ts'

const word = z.string().min(1).max(255).normalize('NFC')

/** `Manage Data Products` is the same as `MANAGE_DATA_PRODUCTS`. */
const domainRight = z
  .string()
  .max(50)
  .transform(text => text.trim().toUpperCase().replaceAll(' ', '_'))
  .pipe(z.enum(domainRights))

const criteria = (right: typeof domainRight | z.ZodEnum<{ [R in (typeof domainRights)[number]]: R }>) =>
  z.union(
    [
      /** By user name. */
      z.strictObject({ user: word }),
      z.strictObject({ group: word }),
      z.strictObject({ permission: z.enum(permissions) }),
      /** In that domain, else in the domain of what is asked for. */
      z.strictObject({ domainRight: right, domain: name.exactOptional() }),
      /** That value or a parent of it; without one, any under the key. */
      z.strictObject({ attribute: z.strictObject({ key: word, value: word.exactOptional() }) }),
    ],
    { error: 'must be one of `user`, `group`, `permission`, `domainRight`, `attribute`, and nothing else' },
  )

const outcomeOf = (criterion: ReturnType<typeof criteria>) => {
  const list = z.array(criterion).min(1).max(20).readonly()
  const stage = z.union([z.strictObject({ any: list }), z.strictObject({ all: list })], {
    error: 'must be `any` or `all` with a list of 1 to 20 criteria',
  })
  return z.union(
    [
      /** At once, for no longer than that, such as `30d`. */
      z.strictObject({ approve: z.strictObject({ for: z.string().max(20).exactOptional() }) }),
      /** In order: one approval for each of `any`, one by a different person for every criterion of `all`. */
      z.strictObject({ review: z.strictObject({ stages: z.array(stage).min(1).max(10).readonly() }) }),
    ],
    { error: 'must be `approve`, perhaps with `for`, or `review` with 1 to 10 `stages`' },
  )
}

const outcomeInput = outcomeOf(criteria(domainRight))
const outcome = outcomeOf(criteria(z.enum(domainRights)))

const ruleInput = z.strictObject({
  /** In the language of policies, about the beneficiary, with `@levelIs`, `@durationAtMost` and `@principalKind`. */
  if: z.string().min(1),
  // biome-ignore lint/suspicious/noThenProperty: it is what page 06 calls it, and nobody awaits a rule
  then: outcomeInput,
})
// biome-ignore lint/suspicious/noThenProperty: as above
const rule = z.object({ if: z.string(), then: outcome })

/** The first rule that holds counts. */
const flow = { rules: z.array(ruleInput).max(50).default([]), otherwise: outcomeInput }

const place = {
  /** In the text of a condition, from 1. */
  line: z.number().int().optional(),
  column: z.number().int().optional(),
  length: z.number().int().optional(),
}

const warning = z.object({
  code: z.string(),
  message: z.string(),
  /** Such as `rules.0.if`. */
  path: z.string(),
  ...place,
  /** The nearest name that exists. */
  didYouMean: z.string().optional(),
})

const input = z.strictObject({ name: newName, description: text.default(''), ...flow })
export type ReviewFlowInput = z.input<typeof input>

const person = z.object({ id, userid: z.string(), name: z.string() })

const triedStage = z.object({
  match: z.enum(['any', 'all']),
  criteria: z.array(
    z.object({
      /** In words. */
      text: z.string(),
      /** How many meet it and may decide. */
      count: z.number().int(),
      /** The first of them, by user name. */
      people: z.array(person),
    }),
  ),
  /** Those who are there cannot complete it: the request would wait, and governors be told. */
  stuck: z.boolean(),
})

const params = z.object({ id: idParam })

export const reviewFlows = {
  ...templateRoutes({
    path: '/review-flows',
    words: ['review flow', 'Review flows'],
    notFound: 'review-flow-not-found',
    invalid: ['review-flow-invalid'],
    readers: rules.readReviewFlow,
    input,
    shown: { name: z.string(), description: z.string(), rules: z.array(rule).readonly(), otherwise: outcome },
    /** What is probably a slip, now: names that nobody has, criteria that nobody meets. */
    detail: { warnings: z.array(warning) },
  }),
  check: endpoint({
    method: 'POST',
    path: '/review-flows/check',
    summary: 'What is wrong or odd with a draft; nothing is stored',
    needs: ['GOVERNANCE'],
    body: z.strictObject(flow),
    status: 200,
    response: z.object({
      /** Whether it could be stored. */
      valid: z.boolean(),
      faults: z.array(
        z.object({
          path: z.string(),
          message: z.string(),
          code: z.string().optional(),
          ...place,
          /** What could have stood there. */
          expected: z.array(z.string()).optional(),
          didYouMean: z.string().optional(),
        }),
      ),
      warnings: z.array(warning),
    }),
    errors: [],
  }),
  tryOut: endpoint({
    method: 'POST',
    path: '/review-flows/{id}/try',
    summary: 'What would become of a request now: which rule holds, which stages it has and who could decide',
    needs: ['GOVERNANCE'],
    params,
    body: z.strictObject({
      beneficiary: idParam,
      /** The beneficiary themselves, unless said otherwise. */
      requester: idParam.optional(),
      level: level.default('READ'),
      /** Such as `30d`; absent: without an end. */
      duration: z.string().max(20).optional(),
      /** Whose domain counts. */
      product: z.string().max(50).optional(),
      /** Where there is no product yet. */
      domain: name.optional(),
    }),
    status: 200,
    response: z.object({
      /** From 0; absent: `otherwise`. */
      rule: z.number().int().optional(),
      /** Its condition. */
      if: z.string().optional(),
      outcome: z.enum(['approve', 'review']),
      /** Of an approval: for how long; absent: without an end. */
      duration: z.string().optional(),
      stages: z.array(triedStage),
      /** Who may never decide it, and why. */
      excluded: z.array(
        z.object({ user: person, why: z.enum(['requester', 'beneficiary', 'flowEditor', 'assumesRole']) }),
      ),
      /** One of the stages is. */
      stuck: z.boolean(),
    }),
    errors: ['review-flow-not-found', 'user-not-found', 'data-product-not-found', 'domain-not-found'],
  }),
}
