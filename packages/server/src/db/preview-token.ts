/**
 * What previews showed, by the hash of their tokens. A token is known to whoever was given it and to nobody else.
 *
 * Rows go some time after they expired, and the older ones of a person with many.
 */
import type { Instant } from '@headgate/core'
import { sql } from 'kysely'
import type { Tx } from './act.ts'
import type { Db } from './open.ts'

export interface NewToken {
  readonly hash: Buffer
  readonly actor: number
  readonly sequence: number
  readonly digest: string
  readonly minutes: number
  /** In the order in which they may be made. */
  readonly changes: readonly { readonly writeHash: Buffer; readonly moves: Buffer }[]
}

/** So that whoever comes back late still hears why. */
const keptMinutes = 60
/** A form that previews as it is typed in makes many. */
const mostOfOne = 100

/** @returns when it expires */
export async function insertToken(db: Db, token: NewToken): Promise<Instant> {
  return db.transaction(async tx => {
    await sweep(tx, token.actor)
    const { hash, actor, sequence, digest, minutes } = token
    const row = { hash, actor_id: actor, sequence, digest, expires_at: later(minutes) }
    const { expires_at } = await tx
      .insertInto('preview_token')
      .values(row)
      .returning('expires_at')
      .executeTakeFirstOrThrow()
    for (const [at, { writeHash, moves }] of token.changes.entries()) {
      const values = { token_hash: hash, position: at + 1, write_hash: writeHash, moves }
      await tx.insertInto('preview_token_change').values(values).execute()
    }
    return expires_at
  })
}

async function sweep(tx: Tx, actor: number): Promise<void> {
  await tx
    .deleteFrom('preview_token')
    .where(sql<boolean>`expires_at < ${later(-keptMinutes)}`)
    .execute()
  const kept = tx
    .selectFrom('preview_token')
    .where('actor_id', '=', actor)
    .select('hash')
    .orderBy('created_at', 'desc')
    .limit(mostOfOne - 1)
  await tx.deleteFrom('preview_token').where('actor_id', '=', actor).where('hash', 'not in', kept).execute()
}

function later(minutes: number) {
  return sql<Date>`now() + make_interval(mins => ${minutes})`
}

export interface StoredToken {
  readonly actor: number
  readonly expiresAt: Instant
  readonly isExpired: boolean
  /** The first change that was not made yet. */
  readonly next?: { readonly position: number; readonly writeHash: Buffer; readonly moves: Buffer }
}

export async function findToken({ kysely }: Db, hash: Buffer): Promise<StoredToken | undefined> {
  const row = await kysely
    .selectFrom('preview_token')
    .where('hash', '=', hash)
    .select(['actor_id', 'expires_at', sql<boolean>`expires_at <= now()`.as('is_expired')])
    .executeTakeFirst()
  if (!row) return undefined
  const next = await kysely
    .selectFrom('preview_token_change')
    .where('token_hash', '=', hash)
    .where('used_at', 'is', null)
    .select(['position', 'write_hash as writeHash', 'moves'])
    .orderBy('position')
    .limit(1)
    .executeTakeFirst()
  const { actor_id: actor, expires_at: expiresAt, is_expired: isExpired } = row
  return { actor, expiresAt, isExpired, ...(next ? { next } : {}) }
}

/** Whether nobody had used it for this change before; kept with the transaction only. */
export async function useToken(tx: Tx, hash: Buffer, position: number): Promise<boolean> {
  const used = await tx
    .updateTable('preview_token_change')
    .set({ used_at: sql<Date>`now()` })
    .where('token_hash', '=', hash)
    .where('position', '=', position)
    .where('used_at', 'is', null)
    .returning('position')
    .executeTakeFirst()
  return used !== undefined
}
