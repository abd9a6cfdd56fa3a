/**
 * Setting up webhooks. An address is looked at before it is stored, and again at every call. Addresses may hold secrets
 * in path and query, so the audit trail has their origin alone.
 */
import { randomBytes } from 'node:crypto'
import { Problem, type WantedWebhook } from '@headgate/core/api'
import { type Actor, act } from '../db/act.ts'
import {
  deleteWebhook,
  insertWebhook,
  lockWebhook,
  replaceSecret,
  rewrapWebhookSecrets,
  setWebhookState,
  updateWebhook,
  type WebhookRow,
  webhookTarget,
} from '../db/webhook.ts'
import { type DeliveryRow, deliverAgain, getDelivery, insertTest, storeAttempt } from '../db/webhook-delivery.ts'
import { OutboundError, refuseAddress } from '../outbound.ts'
import type { World } from '../world.ts'
import { deliveryLeaseMs } from './deliver.ts'
import { post, webhookSecretContext } from './post.ts'

type Sets = Pick<World, 'db' | 'vault' | 'config' | 'log'>
type Caller = Actor & { readonly id: number }

const most = 100

export interface WithSecret {
  readonly id: number
  /** Shown this once. */
  readonly secret: string
}

/** @throws Problem `address-refused`, `webhooks-too-many` */
export async function createWebhook(world: Sets, caller: Caller, wanted: WantedWebhook): Promise<WithSecret> {
  await refuseUrl(world, wanted.url)
  const secret = newSecret()
  const secretOf = (id: number) => world.vault.seal(secret, webhookSecretContext(id))
  const { result: id } = await act(world.db, caller, async ({ tx, audit }) => {
    const row = await insertWebhook(tx, { ...wanted, by: caller.id, most, secretOf })
    audit({
      action: 'CREATE',
      targetType: 'WEBHOOK',
      targets: [webhookTarget(row)],
      payload: { type: 'WebhookCreated', after: said(wanted) },
    })
    return row.id
  })
  return { id, secret }
}

/** @throws Problem `webhook-not-found`, `version-stale`, `address-refused` */
export async function replaceWebhook(
  world: Sets,
  caller: Caller,
  id: number,
  version: number,
  wanted: WantedWebhook,
): Promise<void> {
  await refuseUrl(world, wanted.url)
  await changed(world, caller, id, 'WebhookChanged', async (tx, row) => {
    if (row.version !== version) throw new Problem('version-stale', { version: row.version })
    await updateWebhook(tx, id, wanted)
    return { before: said(row), after: said(wanted) }
  })
}

/** Deliveries are kept until it is resumed. */
export async function pauseWebhook(world: Sets, caller: Caller, id: number): Promise<void> {
  await setState(world, caller, id, 'paused')
}

export async function resumeWebhook(world: Sets, caller: Caller, id: number): Promise<void> {
  await setState(world, caller, id, 'active')
}

async function setState(world: Sets, caller: Caller, id: number, state: 'active' | 'paused'): Promise<void> {
  const type = state === 'active' ? 'WebhookResumed' : 'WebhookPaused'
  await changed(world, caller, id, type, async (tx, row) => {
    await setWebhookState(tx, id, state)
    return { before: { state: row.state }, after: { state } }
  })
}

export async function rotateSecret(world: Sets, caller: Caller, id: number, keepOldHours: number): Promise<WithSecret> {
  const secret = newSecret()
  await changed(world, caller, id, 'WebhookSecretRotated', async tx => {
    await replaceSecret(tx, id, world.vault.seal(secret, webhookSecretContext(id)), keepOldHours)
    return { keepOldHours }
  })
  return { id, secret }
}

export async function removeWebhook({ db }: Sets, caller: Caller, id: number): Promise<void> {
  await act(db, caller, async ({ tx, audit }) => {
    const row = await lockWebhook(tx, id)
    await deleteWebhook(tx, id)
    audit({
      action: 'DELETE',
      targetType: 'WEBHOOK',
      targets: [webhookTarget(row)],
      payload: { type: 'WebhookDeleted', before: said(row) },
    })
  })
}

/** One call now, whatever state the webhook is in; it is not tried again, and says nothing of the webhook. */
export async function testWebhook(world: Sets, caller: Caller, id: number): Promise<DeliveryRow> {
  const { db } = world
  const { result: taken } = await act(db, caller, async ({ tx, audit }) => {
    const row = await lockWebhook(tx, id)
    audit({
      action: 'TEST',
      targetType: 'WEBHOOK',
      targets: [webhookTarget(row)],
      payload: { type: 'WebhookTested' },
    })
    return insertTest(tx, id, deliveryLeaseMs)
  })
  const attempt = await post(world, taken)
  await db.transaction(tx => storeAttempt(tx, taken, attempt, attempt.problem === undefined ? 'delivered' : 'failed'))
  return getDelivery(db.kysely, taken.id)
}

/** @throws Problem `webhook-not-found`, `webhook-delivery-not-found` */
export async function redeliver(world: Sets, caller: Caller, id: number, delivery: number): Promise<void> {
  await changed(world, caller, id, 'WebhookDeliveryRepeated', async tx => {
    await deliverAgain(tx, id, delivery)
    return { delivery }
  })
}

/** Every secret under the newest key; one that does not open is told, and hinders no other. */
export async function rewrapWebhooks(
  { db, vault }: Pick<World, 'db' | 'vault'>,
  onFailure: (webhook: number, error: unknown) => void,
): Promise<number> {
  return rewrapWebhookSecrets(db, (sealed, id) => {
    try {
      return vault.rewrap(sealed, webhookSecretContext(id))
    } catch (error) {
      onFailure(id, error)
      return sealed
    }
  })
}

async function changed(
  { db }: Sets,
  caller: Caller,
  id: number,
  type: string,
  change: (tx: Parameters<typeof lockWebhook>[0], row: WebhookRow) => Promise<object>,
): Promise<void> {
  await act(db, caller, async ({ tx, audit }) => {
    const row = await lockWebhook(tx, id)
    const told = await change(tx, row)
    audit({ action: 'UPDATE', targetType: 'WEBHOOK', targets: [webhookTarget(row)], payload: { type, ...told } })
  })
}

function said({ name, url, kinds }: WantedWebhook): object {
  return { name, origin: new URL(url).origin, kinds }
}

async function refuseUrl({ config }: Sets, url: string): Promise<void> {
  await refuseAddress(url, config).catch(error => {
    if (!(error instanceof OutboundError)) throw error
    throw new Problem('address-refused', { reason: error.message })
  })
}

/** Of 24 to 64 bytes, as Standard Webhooks ask. */
function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}
