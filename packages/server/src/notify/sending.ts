/** All that is sent in the background, and the end of what is old: inboxes and histories are no archive. */
import { forgetOldNotices } from '../db/notice.ts'
import type { World } from '../world.ts'
import { type DeliveryOptions, startDeliveries } from './deliver.ts'
import { startMails } from './mail.ts'

type Sends = Pick<World, 'db' | 'vault' | 'config' | 'log'>

export interface SendingOptions extends DeliveryOptions {
  /** Between two looks for what is old; default an hour. */
  readonly forgetEveryMs?: number
}

/** `stop` ends it all; what was not sent is due again at once. */
export function startSending(world: Sends, options: SendingOptions = {}): { stop(): Promise<void> } {
  const { forgetEveryMs = 3_600_000, ...rest } = options
  const deliveries = startDeliveries(world, rest)
  const mails = startMails(world, rest)
  let forgetting = Promise.resolve()
  const timer = setInterval(() => {
    forgetting = forgetting
      .then(() => forgetOldNotices(world.db, world.config.HEADGATE_NOTIFICATION_DAYS))
      .catch(err => world.log.warn({ err }, 'old notifications could not be deleted'))
  }, forgetEveryMs)
  return {
    async stop() {
      clearInterval(timer)
      await Promise.all([deliveries.stop(), mails.stop(), forgetting])
    },
  }
}
