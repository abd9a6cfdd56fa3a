/** Who a bearer token of SCIM belongs to, and the tokens of a provider: the newest, and for a while the one before it. */
import { isDeepStrictEqual } from 'node:util'
import { Problem, type ScimMapping } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { ScimProvider } from '../scim/provider.ts'
import type { Act, AuditTarget, Tx } from './act.ts'
import type { Database } from './schema.ts'

/** So long the token before still serves: a working day to paste the new one, and the night in between. */
export const overlapHours = 24

export interface FoundProvider {
  readonly provider: ScimProvider
  readonly hash: Buffer
  readonly publicUrl: string | null
  readonly lastUsedIsOld: boolean
}

/** The provider whose token has that hash, unless it ended, or the provider may not call. */
export async function findScimProvider(db: Kysely<Database>, hash: Buffer): Promise<FoundProvider | undefined> {
  const row = await db
    .selectFrom('scim_token')
    .innerJoin('identity_provider', 'identity_provider.name', 'scim_token.provider')
    .innerJoin('settings', join => join.onTrue())
    .where('hash', '=', hash)
    .where('identity_provider.enabled', '=', true)
    .where('identity_provider.scim', 'is not', null)
    .where(({ or, eb }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', sql<number>`now()`)]))
    .select([
      'hash',
      'identity_provider.name',
      'attribute_keys as attributeKeys',
      'group_patterns as groupPatterns',
      'identity_provider.version',
      'scim',
      'public_url as publicUrl',
      sql<boolean>`coalesce(last_used_at < now() - interval '1 minute', true)`.as('lastUsedIsOld'),
    ])
    .executeTakeFirst()
  if (!row?.scim) return undefined
  const { hash: stored, publicUrl, lastUsedIsOld, scim: mapping, ...provider } = row
  return { provider: { ...provider, mapping }, hash: stored, publicUrl, lastUsedIsOld }
}

export async function touchScimToken(db: Kysely<Database>, hash: Buffer): Promise<void> {
  await db.updateTable('scim_token').set({ last_used_at: sql<Date>`now()` }).where('hash', '=', hash).execute()
}

/** A new token for a provider; those before it serve a day longer, and no day longer than they would have. */
export async function insertScimToken({ tx, audit }: Act, provider: LockedProvider, hash: Buffer): Promise<void> {
  const { name } = provider
  await tx.deleteFrom('scim_token').where('provider', '=', name).where('expires_at', '<', sql<number>`now()`).execute()
  const end = sql<Date>`least(expires_at, now() + make_interval(hours => ${overlapHours}::int))`
  const replaced = await tx
    .updateTable('scim_token')
    .set({ expires_at: end })
    .where('provider', '=', name)
    .returning('expires_at')
    .execute()
  await tx.insertInto('scim_token').values({ hash, provider: name }).execute()
  const ends = replaced.flatMap(row => (row.expires_at === null ? [] : [new Date(row.expires_at).toISOString()]))
  audit({
    action: 'CREATE',
    targetType: 'IDENTITY_PROVIDER',
    targets: [targetOf(provider)],
    payload: { type: 'ScimTokenRotated', before: ends.map(expiresAt => ({ expiresAt })) },
  })
}

/** Nobody calls for the provider any more. */
export async function deleteScimTokens({ tx }: Act, provider: string): Promise<void> {
  await tx.deleteFrom('scim_token').where('provider', '=', provider).execute()
}

export type LockedProvider = Pick<
  Selectable<Database['identity_provider']>,
  'id' | 'name' | 'attribute_keys' | 'group_patterns' | 'oidc' | 'scim'
>

/** The provider, which nobody else changes until the transaction ends. Throws Problem `identity-provider-not-found`. */
export async function lockProvider(tx: Tx, id: number): Promise<LockedProvider> {
  const row = await tx
    .selectFrom('identity_provider')
    .where('id', '=', id)
    .select(['id', 'name', 'attribute_keys', 'group_patterns', 'oidc', 'scim'])
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw new Problem('identity-provider-not-found', { id })
  return row
}

/** @param mapping null: no SCIM */
export async function storeMapping({ tx, audit }: Act, provider: LockedProvider, mapping: ScimMapping | null) {
  if (isDeepStrictEqual(provider.scim, mapping)) return
  await tx
    .updateTable('identity_provider')
    .set({ scim: mapping && JSON.stringify(mapping), version: sql<number>`version + 1` })
    .where('id', '=', provider.id)
    .execute()
  audit({
    action: 'UPDATE',
    targetType: 'IDENTITY_PROVIDER',
    targets: [targetOf(provider)],
    payload: { type: 'ScimMappingChanged', before: provider.scim, after: mapping },
  })
}

/** @throws Problem `identity-provider-not-found`, `scim-not-set-up` */
export async function scimSettingsOf(db: Kysely<Database>, id: number) {
  const row = await db.selectFrom('identity_provider').where('id', '=', id).select(['name', 'scim']).executeTakeFirst()
  if (!row) throw new Problem('identity-provider-not-found', { id })
  if (!row.scim) throw new Problem('scim-not-set-up', { id })
  const tokens = await db
    .selectFrom('scim_token')
    .where('provider', '=', row.name)
    .where(({ or, eb }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', sql<number>`now()`)]))
    .select(['created_at', 'expires_at', 'last_used_at'])
    .orderBy('created_at', 'desc')
    .execute()
  const text = (at: number) => new Date(at).toISOString()
  return {
    mapping: row.scim,
    tokens: tokens.map(({ created_at: createdAt, expires_at: expiresAt, last_used_at: lastUsedAt }) => ({
      createdAt: text(createdAt),
      ...(expiresAt === null ? {} : { expiresAt: text(expiresAt) }),
      ...(lastUsedAt === null ? {} : { lastUsedAt: text(lastUsedAt) }),
    })),
  }
}

function targetOf({ id, name }: LockedProvider): AuditTarget {
  return { type: 'IDENTITY_PROVIDER', id: String(id), name }
}
