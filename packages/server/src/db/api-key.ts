/** API keys. Only the SHA-256 of a key is stored; a key that is expired or revoked, or whose owner is out, is no key. */
import type { ApiKey, Permission } from '@headgate/core/api'
import { type Kysely, sql } from 'kysely'
import type { Act, AuditTarget, Tx } from './act.ts'
import { heldPermissions } from './held-permissions.ts'
import type { Database } from './schema.ts'

export interface KeyOwner {
  readonly keyId: number
  readonly hash: Buffer
  /** What the key was narrowed to; null: whatever its owner may. */
  readonly keyPermissions: readonly Permission[] | null
  /** null: not by itself. */
  readonly expiresAt: number | null
  /** Who made it for them, or the key or account that it was made with; null: they themselves. */
  readonly openedBy: number | null
  readonly kind: 'person' | 'role-user' | 'service'
  /** Not written for a minute or more. */
  readonly lastUsedIsOld: boolean
  readonly personId: number
  readonly userid: string
  readonly name: string
  readonly permissions: readonly Permission[]
}

/** The owner of a key that works now. */
export async function findKeyOwner(db: Kysely<Database>, hash: Buffer): Promise<KeyOwner | undefined> {
  return db
    .selectFrom('api_key')
    .innerJoin('person', 'person.id', 'api_key.person_id')
    .where('api_key.hash', '=', hash)
    .where('api_key.revoked_at', 'is', null)
    .where(sql<boolean>`coalesce(api_key.expires_at > now(), true)`)
    .where('person.disabled', '=', false)
    .where('person.deleted_at', 'is', null)
    .select([
      'api_key.id as keyId',
      'api_key.hash',
      'api_key.permissions as keyPermissions',
      'api_key.expires_at as expiresAt',
      'api_key.opened_by as openedBy',
      'person.kind',
      sql<boolean>`coalesce(api_key.last_used_at < now() - interval '1 minute', true)`.as('lastUsedIsOld'),
      'person.id as personId',
      'person.userid',
      'person.name',
      heldPermissions.as('permissions'),
    ])
    .executeTakeFirst()
}

/** Once a minute is enough to see whether a key is in use, and spares a write for each call. */
export async function touchKey(db: Kysely<Database>, id: number): Promise<void> {
  await db
    .updateTable('api_key')
    .set({ last_used_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where(sql<boolean>`coalesce(last_used_at < now() - interval '1 minute', true)`)
    .execute()
}

export interface NewKey {
  readonly person: number
  readonly name: string
  readonly hash: Buffer
  readonly permissions: readonly Permission[] | null
  readonly expiresAt: Date | null
  /** Who besides its owner may hold it; null: nobody. */
  readonly openedBy: number | null
}

export async function insertKey(tx: Tx, key: NewKey): Promise<ApiKey> {
  const row = await tx
    .insertInto('api_key')
    .values({
      person_id: key.person,
      name: key.name,
      hash: key.hash,
      permissions: key.permissions === null ? null : [...key.permissions],
      expires_at: key.expiresAt,
      opened_by: key.openedBy,
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
  return toApiKey(row)
}

/** Says who got which key; never the key. */
export function sayKeyMade({ audit }: Act, owner: AuditTarget, { id, name, permissions, expiresAt }: ApiKey): void {
  audit({
    action: 'CREATE',
    targetType: 'API_KEY',
    targets: [{ type: 'API_KEY', id: String(id), name }],
    relatedResources: [owner],
    payload: { type: 'ApiKeyCreated', permissions: permissions ?? null, expiresAt: expiresAt ?? null },
  })
}

/** The keys of a person that still work, oldest first. */
export async function listKeys(db: Kysely<Database>, person: number): Promise<ApiKey[]> {
  const rows = await db
    .selectFrom('api_key')
    .where('person_id', '=', person)
    .where('revoked_at', 'is', null)
    .where(sql<boolean>`coalesce(expires_at > now(), true)`)
    .orderBy('id')
    .select(columns)
    .execute()
  return rows.map(toApiKey)
}

/** The key with its owner, unless it was revoked before. */
export async function revokeKey(tx: Tx, id: number, owner: number | undefined) {
  return tx
    .updateTable('api_key')
    .set({ revoked_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .$if(owner !== undefined, query => query.where('person_id', '=', owner as number))
    .returning(['id', 'name', 'person_id'])
    .executeTakeFirst()
}

const columns = ['id', 'name', 'permissions', 'created_at', 'expires_at', 'last_used_at'] as const

interface KeyRow {
  readonly id: number
  readonly name: string
  readonly permissions: Permission[] | null
  readonly created_at: number
  readonly expires_at: number | null
  readonly last_used_at: number | null
}

function toApiKey(row: KeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    ...(row.permissions === null ? {} : { permissions: row.permissions }),
    createdAt: new Date(row.created_at).toISOString(),
    ...(row.expires_at === null ? {} : { expiresAt: new Date(row.expires_at).toISOString() }),
    ...(row.last_used_at === null ? {} : { lastUsedAt: new Date(row.last_used_at).toISOString() }),
  }
}
