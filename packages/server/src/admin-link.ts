/**
 * A way back in for whoever holds the machine, when no admin can sign in any more: a set-up link made right in the
 * database, beside a server that runs or without one. Never reached by a route; audited as done by Headgate itself.
 */
import path from 'node:path'
import { pino } from 'pino'
import type { Config } from './config.ts'
import { act, system } from './db/act.ts'
import { startEmbedded } from './db/embedded.ts'
import { migrate } from './db/migrate.ts'
import { openDatabase } from './db/open.ts'
import { readSettings, replaceSettings } from './db/settings.ts'
import { linkForAdmin } from './directory/set-up.ts'

export interface AdminLinkOptions {
  /** Whose password the link sets; without one, it makes another admin. */
  readonly userid?: string
  /** Whether to switch local accounts on again where they are off. */
  readonly switchOn?: boolean
}

export interface AdminLink {
  /** The page behind Headgate's address. */
  readonly path: string
  /** As the settings have it; null: whoever asked knows it. */
  readonly publicUrl: string | null
  readonly expiresAt: Date
}

/** @throws Problem `user-not-found`, `user-disabled`, `local-accounts-off` */
export async function adminLink(config: Config, options: AdminLinkOptions = {}): Promise<AdminLink> {
  const log = pino({ level: 'silent' })
  const embedded = config.DATABASE_URL
    ? undefined
    : await startEmbedded({ dataDir: path.resolve(config.HEADGATE_DATA_DIR), log })
  try {
    const url = config.DATABASE_OWNER_URL ?? config.DATABASE_URL ?? embedded?.url ?? ''
    await migrate(url)
    const db = openDatabase(url, { maxConnections: 2 })
    try {
      const { version, ...settings } = await readSettings(db.kysely)
      if (!settings.localAccounts && options.switchOn) {
        await act(db, system, doing => replaceSettings(doing, version, { ...settings, localAccounts: true }))
      }
      const { path: page, expiresAt } = await linkForAdmin(db, options.userid)
      return { path: page, publicUrl: settings.publicUrl, expiresAt: new Date(expiresAt) }
    } finally {
      await db.close()
    }
  } finally {
    await embedded?.stop()
  }
}
