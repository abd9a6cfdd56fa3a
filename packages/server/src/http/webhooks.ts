/** `/webhooks`: which other systems are told what, and how that went. */
import { api, type Webhook, type WebhookDelivery } from '@headgate/core/api'
import { type CountedWebhook, getWebhook, listWebhooks } from '../db/webhook.ts'
import { type DeliveryRow, listDeliveries } from '../db/webhook-delivery.ts'
import {
  createWebhook,
  pauseWebhook,
  redeliver,
  removeWebhook,
  replaceWebhook,
  resumeWebhook,
  rotateSecret,
  testWebhook,
} from '../notify/webhooks.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function webhookRoutes(serve: Serve, world: World): void {
  const { db } = world
  const shown = async (id: number) => {
    const row = await getWebhook(db.kysely, id)
    return { body: present(row), version: row.version }
  }

  serve(api.webhooks.list, async () => ({ body: { items: (await listWebhooks(db.kysely)).map(present) } }))
  serve(api.webhooks.get, async ({ params: { id } }) => shown(id))
  serve(api.webhooks.create, async ({ body, caller }) => {
    const { id, secret } = await createWebhook(world, caller, body)
    const { body: made, version } = await shown(id)
    return { body: { ...made, secret }, version }
  })
  serve(api.webhooks.replace, async ({ params: { id }, body, version, caller }) => {
    await replaceWebhook(world, caller, id, version, body)
    return shown(id)
  })
  serve(api.webhooks.remove, async ({ params: { id }, caller }) => {
    await removeWebhook(world, caller, id)
    return { body: undefined }
  })
  serve(api.webhooks.pause, async ({ params: { id }, caller }) => {
    await pauseWebhook(world, caller, id)
    return shown(id)
  })
  serve(api.webhooks.resume, async ({ params: { id }, caller }) => {
    await resumeWebhook(world, caller, id)
    return shown(id)
  })
  serve(api.webhooks.rotateSecret, async ({ params: { id }, body, caller }) => {
    const { secret } = await rotateSecret(world, caller, id, body.keepOldHours)
    const { body: after, version } = await shown(id)
    return { body: { ...after, secret }, version }
  })
  serve(api.webhooks.test, async ({ params: { id }, caller }) => ({
    body: presentDelivery(await testWebhook(world, caller, id)),
  }))
  serve(api.webhooks.deliveries, async ({ params: { id }, query }) => {
    await getWebhook(db.kysely, id)
    const page = await db.snapshot(tx => listDeliveries(tx, id, query))
    return { body: { ...page, items: page.items.map(presentDelivery) } }
  })
  serve(api.webhooks.redeliver, async ({ params: { id, deliveryId }, caller }) => {
    await redeliver(world, caller, id, deliveryId)
    return { body: undefined }
  })
}

const instantOf = (ms: number) => new Date(ms).toISOString()

function present(row: CountedWebhook): Webhook {
  const { id, name, url, kinds, state, waiting, problem, failing_since: failing, old_secret_until: until } = row
  return {
    ...{ id, name, url, kinds, state, waiting },
    ...(problem === null ? {} : { problem }),
    ...(failing === null ? {} : { failingSince: instantOf(failing) }),
    ...(until === null ? {} : { oldSecretUntil: instantOf(until) }),
    createdAt: instantOf(row.created_at),
  }
}

function presentDelivery(row: DeliveryRow): WebhookDelivery {
  return {
    id: row.id,
    messageId: row.message_id,
    ...(row.kind === null ? {} : { kind: row.kind }),
    state: row.state,
    attempts: row.attempts.map(({ at, took_ms: tookMs, status, response, problem }) => ({
      at: new Date(at).toISOString(),
      tookMs,
      ...(status === null ? {} : { status }),
      ...(response === null ? {} : { response }),
      ...(problem === null ? {} : { problem }),
    })),
    ...(row.state === 'due' ? { nextTryAt: instantOf(row.next_try_at) } : {}),
    createdAt: instantOf(row.created_at),
  }
}
