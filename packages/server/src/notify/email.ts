/**
 * Setting up e-mail. A stored password goes nowhere but to the server and as the user that it was set for: whoever
 * changes either has to know it.
 */
import { randomUUID } from 'node:crypto'
import { Problem, type WantedEmailSettings } from '@headgate/core/api'
import { type Act, type Actor, act } from '../db/act.ts'
import { type EmailRow, readEmailSettings, replaceEmailSettings, replacePassword } from '../db/email-settings.ts'
import { readSettings } from '../db/settings.ts'
import { getUser } from '../db/user-view.ts'
import { OutboundError, refuseSocket } from '../outbound.ts'
import type { Sealed } from '../secrets.ts'
import type { World } from '../world.ts'
import { testMail } from './mail-text.ts'
import { openSmtp, passwordContext, SmtpError } from './smtp.ts'

type Sets = Pick<World, 'db' | 'vault' | 'config'>
type Caller = Actor & { readonly id: number }

/** @throws Problem `version-stale`, `address-refused`, `email-password-missing` */
export async function changeEmailSettings(
  { db, vault, config }: Sets,
  caller: Caller,
  version: number,
  wanted: WantedEmailSettings,
): Promise<void> {
  const { host, port, security, username, password } = wanted
  if (host !== null) {
    await refuseSocket({ host, port, isPlain: security === 'none' }, config).catch(error => {
      if (!(error instanceof OutboundError)) throw error
      throw new Problem('address-refused', { reason: error.message })
    })
  }
  const passwordOf = (before: EmailRow): Sealed | null => {
    if (username === null) return null
    if (password !== undefined) return vault.seal(password, passwordContext)
    const isForThis = before.host === host && before.port === port && before.username === username
    const isAsSafe = before.security === security || security !== 'none'
    if (!isForThis || !isAsSafe || before.password === null) throw new Problem('email-password-missing')
    return before.password
  }
  await act(db, caller, doing => replaceEmailSettings(doing, version, wanted, passwordOf))
}

export interface Tested {
  readonly to: string
  readonly messageId: string
  /** What the server said to it. */
  readonly answer: string
}

/** To the caller alone, now, whether mails are sent otherwise or not. Throws Problem `email-…`. */
export async function sendTestMail(world: Sets, caller: Caller): Promise<Tested> {
  const { db } = world
  const settings = await readEmailSettings(db.kysely)
  const { host, sender } = settings
  if (host === null || sender === null) throw new Problem('email-not-set-up')
  const { email } = await getUser(db.kysely, caller.id)
  if (!email) throw new Problem('email-address-missing')
  const tell = (actionStatus: 'SUCCESS' | 'FAILURE') =>
    act(db, caller, async doing => sayTested(doing, host, actionStatus))
  const messageId = `<${randomUUID()}@${sender.slice(sender.lastIndexOf('@') + 1)}>`
  const { publicUrl } = await readSettings(db.kysely)
  const smtp = openSmtp(world, settings)
  try {
    const answer = await smtp.send({ ...testMail(publicUrl), to: email, messageId, at: Date.now() })
    await tell('SUCCESS')
    return { to: email, messageId, answer }
  } catch (error) {
    if (!(error instanceof SmtpError)) throw error
    await tell('FAILURE')
    throw new Problem('email-refused', { reason: error.message }, { cause: error })
  } finally {
    smtp.close()
  }
}

function sayTested({ audit }: Act, host: string, actionStatus: 'SUCCESS' | 'FAILURE'): void {
  audit({
    actionStatus,
    action: 'TEST',
    targetType: 'SETTINGS',
    targets: [{ type: 'SETTINGS', id: 'e-mail' }],
    payload: { type: 'EmailTested', host },
  })
}

/** The password under the newest key; one that does not open is told and left as it is. */
export async function rewrapPassword(
  { db, vault }: Pick<World, 'db' | 'vault'>,
  onFailure: (error: unknown) => void,
): Promise<number> {
  const { password } = await readEmailSettings(db.kysely)
  if (password === null) return 0
  try {
    const now = vault.rewrap(password, passwordContext)
    return now !== password && (await replacePassword(db.kysely, password, now)) ? 1 : 0
  } catch (error) {
    onFailure(error)
    return 0
  }
}
