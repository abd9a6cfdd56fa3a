/** Checkpoints as they are stored: signed statements of what the chain was. Never changed. */
import { type Kysely, sql } from 'kysely'
import type { SignedCheckpoint } from '../audit/statement.ts'
import type { Tx } from './act.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export interface ChainHead {
  readonly tenantId: string
  readonly batch: number
  readonly position: number
  readonly hash: Buffer
  /** Database time. */
  readonly now: number
}

/** Undefined: nothing is sealed yet. */
export async function headOf(db: Reader): Promise<ChainHead | undefined> {
  const row = await db
    .selectFrom('audit_batch')
    .innerJoin('tenant', join => join.onTrue())
    .select(['tenant.id as tenant', 'number', 'last_position', 'hash'])
    .select(sql<number>`date_trunc('milliseconds', clock_timestamp())`.as('now'))
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && { tenantId: row.tenant, batch: row.number, position: row.last_position, hash: row.hash, now: row.now }
}

export interface StoredCheckpoint extends SignedCheckpoint {
  readonly id: number
  readonly batch: number
  readonly position: number
  readonly at: number
  readonly key: number
}

export type NewCheckpoint = Omit<StoredCheckpoint, 'id'>

export async function insertCheckpoint(tx: Tx, made: NewCheckpoint): Promise<StoredCheckpoint> {
  const { id } = await tx
    .insertInto('audit_checkpoint')
    .values({
      batch_number: made.batch,
      last_position: made.position,
      at: new Date(made.at),
      key_id: made.key,
      statement: made.statement,
      signature: Buffer.from(made.signature, 'base64'),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return { ...made, id }
}

/** The latest first. */
export async function listCheckpoints(db: Reader, limit: number): Promise<StoredCheckpoint[]> {
  const rows = await db
    .selectFrom('audit_checkpoint')
    // One whose key is gone is there all the same: no signature fits it then.
    .leftJoin('audit_key', 'audit_key.id', 'key_id')
    .selectAll('audit_checkpoint')
    .select('public_key')
    .orderBy('audit_checkpoint.id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(row => ({
    id: row.id,
    batch: row.batch_number,
    position: row.last_position,
    at: row.at,
    key: row.key_id,
    statement: row.statement,
    signature: row.signature.toString('base64'),
    publicKey: row.public_key ?? '',
  }))
}
