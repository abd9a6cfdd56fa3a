/** Reading the history of facts: what was changed since, and how far it has got. */
import { causes, type Instant, isCounted } from '@headgate/core'
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

/** The changes between two, as far as the causes of grants can be read from them. */
export interface Changes {
  /** All of them, oldest first; of a flood those of the persons, data sources, members, subscriptions and policies alone
   * of which somebody meant one to be. */
  readonly list: readonly FactChange[]
  /** What all of them came from. */
  readonly kinds: readonly Pick<FactChange, 'cause' | 'previewed'>[]
  readonly isFlood: boolean
}

/** More than this is a flood, of which no single change can be told to be the cause unless somebody meant it. */
const most = 2000
/** Of more than this, none is told apart at all. */
const mostMeant = 100_000

/** The changes after one and up to another. */
export async function changesBetween(tx: Tx, after: number, upTo: number): Promise<Changes> {
  if (upTo <= after) return { list: [], kinds: [], isFlood: false }
  const rows = await tx
    .selectFrom('fact_change')
    .select(['id', 'at', 'entity', 'entity_id', 'after', 'cause', 'previewed'])
    .where('id', '>', after)
    .where('id', '<=', upTo)
    .orderBy('id')
    .limit(most + 1)
    .execute()
  if (rows.length > most) return floodBetween(tx, after, upTo)
  const list = rows.map(({ entity_id: entityId, ...row }) => ({ ...row, entityId }))
  return { list, kinds: list, isFlood: false }
}

async function floodBetween(tx: Tx, after: number, upTo: number): Promise<Changes> {
  const { rows: kinds } = await sql<Pick<FactChange, 'cause' | 'previewed'>>`
    select distinct cause, previewed from fact_change where id > ${after} and id <= ${upTo}`.execute(tx)
  const { rows: list } = await sql<FactChange>`
    select id, at, entity, entity_id as "entityId", after, cause, previewed from (
      select *, bool_or(previewed or cause = any(${exemptCauses})) over (partition by entity, entity_id) as meant
      from fact_change where id > ${after} and id <= ${upTo}
        and entity in ('user', 'dataSource', 'member', 'subscription', 'policy')
    ) of_one
    where meant order by id limit ${mostMeant + 1}`.execute(tx)
  return { list: list.length > mostMeant ? [] : list, kinds, isFlood: true }
}

const exemptCauses = Object.keys(causes).filter(cause => !isCounted(cause))

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
