/** The one row of settings that an application admin changes while Headgate runs. */
import { Problem, type Settings } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Act, Tx } from './act.ts'
import type { Database } from './schema.ts'

export interface VersionedSettings extends Settings {
  readonly version: number
}

export async function readSettings(db: Kysely<Database>): Promise<VersionedSettings> {
  return toSettings(await db.selectFrom('settings').selectAll().executeTakeFirstOrThrow())
}

/** @throws Problem `version-stale` unless `version` is the stored one */
export async function replaceSettings({ tx, audit }: Act, version: number, after: Settings): Promise<Settings> {
  const before = toSettings(await tx.selectFrom('settings').selectAll().forUpdate().executeTakeFirstOrThrow())
  if (before.version !== version) throw new Problem('version-stale', { version: before.version })
  const stored = await tx
    .updateTable('settings')
    .set({
      version: version + 1,
      public_url: after.publicUrl,
      local_accounts: after.localAccounts,
      separation_of_duties: after.separationOfDuties,
      session_idle_minutes: after.sessionIdleMinutes,
      session_hours: after.sessionHours,
    })
    .returning(sql<string>`(select id::text from tenant)`.as('tenant'))
    .executeTakeFirstOrThrow()
  audit({
    action: 'UPDATE',
    targetType: 'SETTINGS',
    targets: [{ type: 'SETTINGS', id: stored.tenant }],
    payload: { type: 'SettingsChanged', before: withoutVersion(before), after },
  })
  return before
}

/** Whether duties are kept apart: nobody switches that until the transaction ends. */
export async function dutiesAreApart(tx: Tx): Promise<boolean> {
  const row = await tx.selectFrom('settings').select('separation_of_duties').forShare().executeTakeFirstOrThrow()
  return row.separation_of_duties
}

function toSettings(row: Selectable<Database['settings']>): VersionedSettings {
  return {
    version: row.version,
    publicUrl: row.public_url,
    localAccounts: row.local_accounts,
    separationOfDuties: row.separation_of_duties,
    sessionIdleMinutes: row.session_idle_minutes,
    sessionHours: row.session_hours,
  }
}

function withoutVersion({ version: _, ...settings }: VersionedSettings): Settings {
  return settings
}
