/** The one row that says how e-mail is sent. The password is sealed, and leaves this file in no other form. */
import { Problem, type WantedEmailSettings } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Sealed } from '../secrets.ts'
import type { Act } from './act.ts'
import type { Database } from './schema.ts'

export type EmailRow = Selectable<Database['email_settings']>

export async function readEmailSettings(db: Kysely<Database>): Promise<EmailRow> {
  return db.selectFrom('email_settings').selectAll().executeTakeFirstOrThrow()
}

/**
 * @param password null: none
 * @throws Problem `version-stale`
 */
export async function replaceEmailSettings(
  { tx, audit }: Act,
  version: number,
  wanted: WantedEmailSettings,
  passwordOf: (before: EmailRow) => Sealed | null,
): Promise<void> {
  const before = await tx.selectFrom('email_settings').selectAll().forUpdate().executeTakeFirstOrThrow()
  if (before.version !== version) throw new Problem('version-stale', { version: before.version })
  const password = passwordOf(before)
  const after = await tx
    .updateTable('email_settings')
    .set({
      version: version + 1,
      enabled: wanted.enabled,
      host: wanted.host,
      port: wanted.port,
      security: wanted.security,
      username: wanted.username,
      password: password && JSON.stringify(password),
      sender: wanted.sender,
      ca_certificate: wanted.caCertificate,
      most_per_minute: wanted.mostPerMinute,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  audit({
    action: 'UPDATE',
    targetType: 'SETTINGS',
    targets: [{ type: 'SETTINGS', id: 'e-mail' }],
    payload: {
      type: 'EmailSettingsChanged',
      before: said(before),
      after: said(after),
      passwordChanged: wanted.password !== undefined,
    },
  })
}

function said({ enabled, host, port, security, username, sender, most_per_minute: mostPerMinute }: EmailRow): object {
  return { enabled, host, port, security, username, sender, mostPerMinute }
}

/** Whether it was still the one before. */
export async function replacePassword(db: Kysely<Database>, before: Sealed, after: Sealed): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update email_settings set password = ${JSON.stringify(after)}::jsonb
    where password = ${JSON.stringify(before)}::jsonb`.execute(db)
  return Number(numAffectedRows ?? 0) > 0
}
