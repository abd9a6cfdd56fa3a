/**
 * Sending e-mail: every node takes what is due, each mail by one of them at a time, no more in a minute than is set.
 * What is taken when a node dies is due again when its lease ends, with the same Message-ID. While the server takes
 * nothing, one mail in turn tries it, and the others wait.
 */
import { giveBackMails, storeMailOutcome, type TakenMail, takeMails } from '../db/mail.ts'
import { readSettings } from '../db/settings.ts'
import { every, type Recurring } from '../every.ts'
import type { World } from '../world.ts'
import { mailOf } from './mail-text.ts'
import { openSmtp, type Smtp, SmtpError } from './smtp.ts'

type Mails = Pick<World, 'db' | 'vault' | 'config' | 'log'>

export interface MailOptions {
  /** Between two looks at what is due; default 2 s. */
  readonly turnMs?: number
  /** Longer than what is taken at once can last; default 15 minutes. */
  readonly leaseMs?: number
}

/** `stop` finishes the mail under way; the others are due again at once. */
export function startMails(world: Mails, { turnMs = 2_000, leaseMs = 900_000 }: MailOptions = {}): Recurring {
  return every({
    everyMs: turnMs,
    look: signal => sendDue(world, leaseMs, signal),
    onFailure: err => world.log.warn({ err }, 'mails could not be sent'),
  })
}

async function sendDue(world: Mails, leaseMs: number, signal: AbortSignal): Promise<void> {
  const taken = await takeMails(world.db, leaseMs)
  if (!taken) return
  const { publicUrl } = await readSettings(world.db.kysely)
  const smtp = openSmtp(world, taken.settings)
  try {
    for (const [at, mail] of taken.mails.entries()) {
      if (signal.aborted) return await giveBackMails(world.db, taken.mails.slice(at), 0)
      const inMs = await send(world, smtp, mail, publicUrl)
      if (inMs !== undefined) return await giveBackMails(world.db, taken.mails.slice(at + 1), inMs)
    }
  } finally {
    smtp.close()
  }
}

/** @returns where the server takes nothing now: when to try it again, in ms */
async function send({ db, log }: Mails, smtp: Smtp, mail: TakenMail, publicUrl: string | null) {
  const { id, messageId, createdAt, address: to, notices, person, attempts } = mail
  try {
    await smtp.send({ ...mailOf(notices, person, publicUrl), to, messageId, at: createdAt })
    await storeMailOutcome(db, mail, 'sent')
  } catch (error) {
    if (!(error instanceof SmtpError)) throw error
    const { refusal, message } = error
    log.warn({ mail: id, problem: message }, 'a mail was not sent')
    const inMs = retryInMs(attempts)
    await storeMailOutcome(db, mail, refusal === 'never' ? 'failed' : inMs, message)
    return refusal === 'server' ? inMs : undefined
  }
  return undefined
}

const firstMs = 60_000
const longestMs = 3_600_000

function retryInMs(attempts: number): number {
  return Math.min(longestMs, firstMs * 2 ** (attempts - 1))
}
