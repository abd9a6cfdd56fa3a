/**
 * Makes a database ready to work with: migrates it as its owner, and answers the address of the role that the server
 * works as, which cannot change what is append-only. Where there is only one role, says so.
 */
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { migrate } from './migrate.ts'
import { embeddedServerUrl, giveServerRights, mayRewrite } from './server-role.ts'

export interface Prepared {
  /** To work with. */
  readonly url: string
  /** To prune with; undefined: this process cannot. */
  readonly ownerUrl: string | undefined
}

/** @param embeddedUrl of the superuser of the embedded database; undefined: `DATABASE_URL` names another one */
export async function prepareDatabase(
  { DATABASE_URL, DATABASE_OWNER_URL }: Pick<Config, 'DATABASE_URL' | 'DATABASE_OWNER_URL'>,
  embeddedUrl: string | undefined,
  log: Pick<Logger, 'warn'>,
): Promise<Prepared> {
  if (embeddedUrl !== undefined) {
    await migrate(embeddedUrl)
    return { url: await embeddedServerUrl(embeddedUrl), ownerUrl: embeddedUrl }
  }
  if (DATABASE_URL === undefined) throw new Error('there is no database: set DATABASE_URL')
  if (DATABASE_OWNER_URL !== undefined) {
    await migrate(DATABASE_OWNER_URL)
    await giveServerRights(DATABASE_OWNER_URL, DATABASE_URL)
  } else {
    await migrate(DATABASE_URL)
  }
  if (!(await mayRewrite(DATABASE_URL))) return { url: DATABASE_URL, ownerUrl: DATABASE_OWNER_URL }
  log.warn(
    'the database role of this server can change the audit trail: nothing but checkpoints kept elsewhere would show it; give it a role of its own and set DATABASE_OWNER_URL, see docs/audit.md',
  )
  return { url: DATABASE_URL, ownerUrl: DATABASE_OWNER_URL ?? DATABASE_URL }
}
