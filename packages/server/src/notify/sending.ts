/** All that is sent in the background, and the end of what is old: inboxes and histories are no archive. */
import { forgetOldNotices } from '../db/notice.ts'
import { every, type Recurring } from '../every.ts'
import type { World } from '../world.ts'
import { type DeliveryOptions, startDeliveries } from './deliver.ts'
import { startMails } from './mail.ts'
import { tellFailures } from './tell-trouble.ts'

type Sends = Pick<World, 'db' | 'vault' | 'config' | 'log'>

export interface SendingOptions extends DeliveryOptions {
  /** Between two looks for what is old, and for grants that fail; default an hour, and 5 minutes. */
  readonly forgetEveryMs?: number
  readonly failuresEveryMs?: number
}

/** `stop` ends it all; what was not sent is due again at once. */
export function startSending(world: Sends, options: SendingOptions = {}): Recurring {
  const { forgetEveryMs = 3_600_000, failuresEveryMs = 300_000, ...rest } = options
  const { db, config, log } = world
  const deliveries = startDeliveries(world, rest)
  const mails = startMails(world, rest)
  const forgetting = every({
    everyMs: forgetEveryMs,
    look: () => forgetOldNotices(db, config.HEADGATE_NOTIFICATION_DAYS),
    onFailure: err => log.warn({ err }, 'old notifications could not be deleted'),
  })
  const looking = every({
    everyMs: failuresEveryMs,
    look: () => tellFailures(world),
    onFailure: err => log.warn({ err }, 'grants that fail could not be told of'),
  })
  return {
    async stop() {
      await Promise.all([forgetting, looking, deliveries, mails].map(one => one.stop()))
    },
  }
}
