/** The states of webhooks and of deliveries, as people read them. */
import type { DeliveryState, WebhookState } from '@headgate/core/api'
import type { StateWords } from '../ui/words.ts'

export const webhookWords: Readonly<Record<WebhookState, StateWords>> = {
  active: { tone: 'active', word: 'Active' },
  paused: { tone: 'held', word: 'Paused' },
  disabled: { tone: 'failed', word: 'Disabled' },
}

export const deliveryWords: Readonly<Record<DeliveryState, StateWords>> = {
  due: { tone: 'onItsWay', word: 'Due' },
  delivered: { tone: 'active', word: 'Delivered' },
  failed: { tone: 'failed', word: 'Failed' },
}
