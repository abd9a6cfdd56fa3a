/** Review flows: who decides about a request (06). */
import { z } from 'zod'
import { id, idParam, level, name, newName, text } from './common.ts'
import { endpoint } from './endpoint.ts'
import { rules } from './needs.ts'
import { reviewInput, reviewShown } from './review-stages.ts'
import { templateRoutes } from './template-routes.ts'

const outcomeOf = (review: typeof reviewInput | typeof reviewShown) =>
  z.union(
    [
      /** At once, for no longer than that, such as `30d`. */
      z.strictObject({ approve: z.strictObject({ for: z.string().max(20).exactOptional() }) }),
      z.strictObject({ review }),
    ],
    { error: 'must be `approve`, perhaps with `for`, or `review` with 1 to 10 `stages`' },
  )

const outcomeInput = outcomeOf(reviewInput)
const outcome = outcomeOf(reviewShown)

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
        z.object({ user: person, why: z.enum(['requester', 'opener', 'beneficiary', 'flowEditor', 'assumesRole']) }),
      ),
      /** One of the stages is. */
      stuck: z.boolean(),
    }),
    errors: ['review-flow-not-found', 'user-not-found', 'data-product-not-found', 'domain-not-found'],
  }),
}
