/** Reading the history of facts: what was changed since, and how far it has got. */
import type { Instant } from '@headgate/core'
import { sql } from 'kysely'
import type { Tx } from './act.ts'
import type { Db } from './open.ts'

export interface FactChange {
  readonly id: number
  readonly at: Instant
  readonly entity: string
  readonly entityId: string
  /** null: gone. */
  readonly after: object | null
  readonly cause: string
  /** Somebody saw what it would do, and confirmed it. */
  readonly previewed: boolean
}

/** More than this is a flood, of which no single change can be told to be the cause. */
const most = 2000

/** The changes after one and up to another, oldest first; undefined when there are too many to be told apart. */
export async function changesBetween(tx: Tx, after: number, upTo: number): Promise<readonly FactChange[] | undefined> {
  if (upTo <= after) return []
  const rows = await tx
    .selectFrom('fact_change')
    .select(['id', 'at', 'entity', 'entity_id', 'after', 'cause', 'previewed'])
    .where('id', '>', after)
    .where('id', '<=', upTo)
    .orderBy('id')
    .limit(most + 1)
    .execute()
  if (rows.length > most) return undefined
  return rows.map(({ entity_id: entityId, ...row }) => ({ ...row, entityId }))
}

/** What the changes after one and up to another are about, each once; undefined when there are more than `most`. */
export async function subjectsBetween(
  tx: Tx,
  after: number,
  upTo: number,
  most: number,
): Promise<readonly Pick<FactChange, 'entity' | 'entityId'>[] | undefined> {
  const rows = await tx
    .selectFrom('fact_change')
    .where('id', '>', after)
    .where('id', '<=', upTo)
    .select(['entity', 'entity_id as entityId'])
    .distinct()
    .limit(most + 1)
    .execute()
  return rows.length > most ? undefined : rows
}

export async function lastSequence(db: Db): Promise<number> {
  const { last } = await db.kysely
    .selectFrom('fact_change')
    .select(sql<number>`coalesce(max(id), 0)`.as('last'))
    .executeTakeFirstOrThrow()
  return last
}
