/** Telling other systems: calls to their addresses, signed as Standard Webhooks say, with the history of each. */
import { z } from 'zod'
import { id, idParam, instant, newName, nothing, page, pageQuery } from './common.ts'
import { endpoint } from './endpoint.ts'
import { deliveryStates, noticeKindNames, webhookStates } from './notifications.ts'

const kind = z.enum(noticeKindNames)

const address = z
  .url({ protocol: /^https?$/, error: 'must be an address such as `https://hooks.example.com/headgate`' })
  .max(2000)
  .refine(text => {
    const { username, password, hash } = URL.parse(text) ?? {}
    return !username && !password && !hash
  }, 'must hold neither user nor fragment')

const webhook = z.object({
  id,
  name: z.string(),
  url: z.string(),
  kinds: z.array(kind),
  /** `disabled`: by Headgate, after days of failures or a 410. */
  state: z.enum(webhookStates),
  /** Why it was disabled. */
  problem: z.string().optional(),
  /** Since when no delivery came through. */
  failingSince: instant.optional(),
  /** Deliveries that are still to be made. */
  waiting: z.number().int(),
  /** Until when the secret before this one is signed with too. */
  oldSecretUntil: instant.optional(),
  createdAt: instant,
})
export type Webhook = z.output<typeof webhook>

const delivery = z.object({
  id,
  /** `webhook-id`, the same on every attempt. */
  messageId: z.string(),
  /** Absent: a test. */
  kind: kind.optional(),
  state: z.enum(deliveryStates),
  attempts: z.array(
    z.object({
      at: instant,
      tookMs: z.number().int(),
      status: z.number().int().optional(),
      /** The beginning of the answer. */
      response: z.string().optional(),
      problem: z.string().optional(),
    }),
  ),
  /** While it is due. */
  nextTryAt: instant.optional(),
  createdAt: instant,
})
export type WebhookDelivery = z.output<typeof delivery>

const wanted = z.strictObject({
  name: newName,
  url: address,
  kinds: z
    .array(kind)
    .min(1)
    .max(noticeKindNames.length)
    .transform(kinds => [...new Set(kinds)].sort()),
})
export type WantedWebhook = z.output<typeof wanted>

/** Shown this once: `whsec_…`. */
const secret = z.string()
const params = z.object({ id: idParam })
const needs = ['APPLICATION_ADMIN'] as const

export const webhooks = {
  list: endpoint({
    method: 'GET',
    path: '/webhooks',
    summary: 'All webhooks',
    needs,
    status: 200,
    response: z.object({ items: z.array(webhook) }),
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/webhooks/{id}',
    summary: 'One webhook',
    needs,
    params,
    status: 200,
    response: webhook,
    errors: ['webhook-not-found'],
  }),
  create: endpoint({
    method: 'POST',
    path: '/webhooks',
    summary: 'Make a webhook; its secret is shown this once',
    needs,
    body: wanted,
    status: 201,
    response: webhook.extend({ secret }),
    errors: ['address-refused', 'webhooks-too-many'],
  }),
  replace: endpoint({
    method: 'PUT',
    path: '/webhooks/{id}',
    summary: 'Change name, address or kinds',
    needs,
    params,
    body: wanted,
    ifMatch: true,
    status: 200,
    response: webhook,
    errors: ['webhook-not-found', 'version-stale', 'address-refused'],
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/webhooks/{id}',
    summary: 'Delete a webhook with what is still to be delivered',
    needs,
    params,
    status: 204,
    response: nothing,
    errors: ['webhook-not-found'],
  }),
  pause: endpoint({
    method: 'POST',
    path: '/webhooks/{id}/pause',
    summary: 'Keep deliveries back until it is resumed',
    needs,
    params,
    status: 200,
    response: webhook,
    errors: ['webhook-not-found'],
  }),
  resume: endpoint({
    method: 'POST',
    path: '/webhooks/{id}/resume',
    summary: 'Deliver again, what waits first',
    needs,
    params,
    status: 200,
    response: webhook,
    errors: ['webhook-not-found'],
  }),
  rotateSecret: endpoint({
    method: 'POST',
    path: '/webhooks/{id}/rotate-secret',
    summary: 'A new secret, shown this once; for a while the old one signs too',
    needs,
    params,
    body: z.strictObject({ keepOldHours: z.number().int().min(0).max(168).default(24) }),
    status: 200,
    response: webhook.extend({ secret }),
    errors: ['webhook-not-found'],
  }),
  test: endpoint({
    method: 'POST',
    path: '/webhooks/{id}/test',
    summary: 'Call it once now, with `webhook.test`, and say how it went',
    needs,
    params,
    status: 200,
    response: delivery,
    errors: ['webhook-not-found'],
  }),
  deliveries: endpoint({
    method: 'GET',
    path: '/webhooks/{id}/deliveries',
    summary: 'Deliveries with every attempt, newest first',
    needs,
    params,
    query: pageQuery.omit({ search: true }).extend({ state: z.enum(deliveryStates).optional() }),
    status: 200,
    response: page(delivery),
    errors: ['webhook-not-found'],
  }),
  redeliver: endpoint({
    method: 'POST',
    path: '/webhooks/{id}/deliveries/{deliveryId}/redeliver',
    summary: 'Deliver it again, with the same `webhook-id`',
    needs,
    params: z.object({ id: idParam, deliveryId: idParam }),
    status: 202,
    response: nothing,
    errors: ['webhook-not-found', 'webhook-delivery-not-found'],
  }),
}
