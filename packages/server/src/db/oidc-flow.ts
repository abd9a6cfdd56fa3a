/** Browsers that were sent to an identity provider and have not come back: each row serves once. */
import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

export interface StoredFlow {
  readonly provider: string
  readonly redirectUri: string
  readonly returnTo: string
}

export async function insertFlow(
  db: Kysely<Database>,
  hash: Buffer,
  { provider, redirectUri, returnTo }: StoredFlow,
  expiresAt: number,
): Promise<void> {
  const row = { hash, provider, redirect_uri: redirectUri, return_to: returnTo, expires_at: new Date(expiresAt) }
  await db.insertInto('oidc_flow').values(row).execute()
}

/** Undefined: was never begun, was taken already, or has expired. */
export async function takeFlow(db: Kysely<Database>, hash: Buffer): Promise<StoredFlow | undefined> {
  const row = await db
    .deleteFrom('oidc_flow')
    .where('hash', '=', hash)
    .returning(['provider', 'redirect_uri', 'return_to', sql<boolean>`expires_at > now()`.as('isAlive')])
    .executeTakeFirst()
  return row?.isAlive ? { provider: row.provider, redirectUri: row.redirect_uri, returnTo: row.return_to } : undefined
}

export async function forgetEndedFlows(db: Kysely<Database>): Promise<void> {
  await db.deleteFrom('oidc_flow').where(sql<boolean>`expires_at < now()`).execute()
}
