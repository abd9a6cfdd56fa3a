/** `/settings/e-mail`: how e-mail is sent, how it goes, and a test. */
import { api, type EmailSettings } from '@headgate/core/api'
import { type EmailRow, readEmailSettings } from '../db/email-settings.ts'
import { countMails, type MailCounts } from '../db/mail.ts'
import { changeEmailSettings, sendTestMail } from '../notify/email.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function emailSettingsRoutes(serve: Serve, world: World): void {
  const { db } = world
  const shown = async () => {
    const [row, counts] = await Promise.all([readEmailSettings(db.kysely), countMails(db.kysely)])
    return { body: present(row, counts), version: row.version }
  }

  serve(api.emailSettings.get, shown)
  serve(api.emailSettings.replace, async ({ body, version, caller }) => {
    await changeEmailSettings(world, caller, version, body)
    return shown()
  })
  serve(api.emailSettings.test, async ({ caller }) => ({ body: await sendTestMail(world, caller) }))
}

function present(row: EmailRow, { waiting, failed, problem, tried_at: at }: MailCounts): EmailSettings {
  const { enabled, host, port, security, username, sender } = row
  return {
    ...{ enabled, host, port, security, username, sender, waiting },
    caCertificate: row.ca_certificate,
    mostPerMinute: row.most_per_minute,
    hasPassword: row.password !== null,
    failedLately: failed,
    ...(problem === null || at === null ? {} : { lastProblem: { at: new Date(at).toISOString(), problem } }),
  }
}
