/** The keys that sign checkpoints: public ones for everybody, private ones sealed. A key is never changed or removed. */
import { Problem } from '@headgate/core/api'
import { type Kysely, sql } from 'kysely'
import type { Sealed } from '../secrets.ts'
import type { Act, Tx } from './act.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export interface SigningKey {
  readonly id: number
  readonly publicKey: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

/** What is done to the trail itself. Such events outlive pruning: verification reads them. */
export const trail = { type: 'AUDIT_TRAIL', id: 'audit' } as const

/** Oldest first. */
export async function listKeys(db: Reader): Promise<SigningKey[]> {
  const rows = await db.selectFrom('audit_key').selectAll().orderBy('id').execute()
  return rows.map(row => ({ id: row.id, publicKey: row.public_key, createdAt: row.created_at }))
}

/** The key that signs; nobody makes another until the transaction ends. */
export async function lockNewestKey(tx: Tx): Promise<{ key: SigningKey; sealed: Sealed } | undefined> {
  await sql`select pg_advisory_xact_lock(${keyLock})`.execute(tx)
  const row = await tx
    .selectFrom('audit_key')
    .innerJoin('audit_key_secret', 'key_id', 'id')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && { key: { id: row.id, publicKey: row.public_key, createdAt: row.created_at }, sealed: row.sealed }
}

const keyLock = 0x5369_676e // "Sign"

export interface NewSigningKey {
  readonly publicKey: string
  readonly sealed: Sealed
  /** The key before it, and its signature over this one; absent with the first. */
  readonly follows?: { readonly key: SigningKey; readonly signature: Buffer }
}

/** The event is what verification trusts a key by. The newest must be locked. */
export async function insertSigningKey({ tx, audit }: Act, made: NewSigningKey): Promise<SigningKey> {
  const { publicKey, sealed, follows } = made
  const row = await tx
    .insertInto('audit_key')
    .values({ public_key: publicKey })
    .returningAll()
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('audit_key_secret')
    .values({ key_id: row.id, sealed: JSON.stringify(sealed) })
    .execute()
  const after = { keyId: row.id, publicKey }
  audit({
    action: follows ? 'ROTATE' : 'CREATE',
    targetType: trail.type,
    targets: [trail],
    payload: follows
      ? {
          type: 'AuditKeyRotated',
          before: { keyId: follows.key.id, publicKey: follows.key.publicKey },
          after,
          signature: follows.signature.toString('base64'),
        }
      : { type: 'AuditKeyCreated', after },
  })
  return { id: row.id, publicKey, createdAt: row.created_at }
}

export async function keySecrets(db: Reader): Promise<{ id: number; publicKey: string; sealed: Sealed }[]> {
  const rows = await db
    .selectFrom('audit_key')
    .innerJoin('audit_key_secret', 'key_id', 'id')
    .selectAll()
    .orderBy('id')
    .execute()
  return rows.map(row => ({ id: row.id, publicKey: row.public_key, sealed: row.sealed }))
}

export async function replaceKeySecret(db: Reader, id: number, sealed: Sealed): Promise<void> {
  await db
    .updateTable('audit_key_secret')
    .set({ sealed: JSON.stringify(sealed) })
    .where('key_id', '=', id)
    .execute()
}

/** @throws Problem `not-ready` where the server has not made the first key yet */
export function noKeyYet(): Problem {
  return new Problem('not-ready', { reason: 'the audit trail has no signing key yet' })
}
