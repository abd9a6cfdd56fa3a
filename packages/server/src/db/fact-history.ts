/**
 * The history of facts, read back: what was so after a given change.
 *
 * Moments are told apart by changes, which are in commit order, so that whatever is read was so at once; the time of a
 * change is that at which its act began, to the millisecond as it is shown. Nothing here knows what the rows mean.
 */
import type { GroupId, Instant } from '@headgate/core'
import { type RawBuilder, sql } from 'kysely'
import type { FactEntity, Tx } from './act.ts'

/** A fact as its last change left it. */
export interface PastFact {
  readonly entity: FactEntity
  readonly id: string
  readonly after: object
}

/** The last change whose act had begun by then; 0: none. */
export async function sequenceAt(tx: Tx, at: Instant): Promise<number> {
  const { sequence } = await tx
    .selectFrom('fact_change')
    // Times are stored to the microsecond and shown to the millisecond: whoever asks with what they were shown means it.
    .where('at', '<', sql<number>`${new Date(at + 1)}::timestamptz`)
    .select(sql<number>`coalesce(max(id), 0)`.as('sequence'))
    .executeTakeFirstOrThrow()
  return sequence
}

const batchSize = 10_000

/**
 * What was so after that change, in batches: everything, or all that bears on one person. Users come first, by id.
 * One of these at a time in a transaction.
 */
export async function* factsAfter(tx: Tx, sequence: number, person?: number): AsyncGenerator<readonly PastFact[]> {
  const some = person === undefined ? sql`true` : bearingOn(person)
  await sql`
    declare past no scroll cursor for
    select entity, entity_id as id, after from (
      select distinct on (entity, entity_id) entity, entity_id, after from fact_change
      where id <= ${sequence} and ${some}
      order by entity, entity_id, id desc
    ) last_said
    where jsonb_typeof(after) = 'object'
    order by entity <> 'user', length(entity_id), entity_id`.execute(tx)
  for (;;) {
    const { rows } = await sql<PastFact>`fetch ${sql.lit(batchSize)} from past`.execute(tx)
    if (rows.length > 0) yield rows
    if (rows.length < batchSize) break
  }
  await sql`close past`.execute(tx)
}

/** All that is not about people, and of what is about people theirs and what groups have. */
function bearingOn(person: number): RawBuilder<boolean> {
  const [id, user] = [String(person), sql`to_jsonb(${person}::bigint)`]
  // Once gone, a row no longer says whose it was: an earlier change did.
  const ofThem = sql`(entity, entity_id) in (
    select entity, entity_id from fact_change where entity in ('principal', 'member', 'membership')
      and (after -> 'user' = ${user} or after -> 'subject' -> 'user' = ${user} or after -> 'subject' ? 'group'))`
  return sql<boolean>`case entity
    when 'user' then entity_id = ${id}
    when 'groupMember' then split_part(entity_id, '/', 2) = ${id}
    when 'subscription' then split_part(entity_id, '/', 2) = ${id}
    when 'attribute' then starts_with(entity_id, ${`user/${id}/`}) or starts_with(entity_id, 'group/')
    when 'principal' then ${ofThem}
    when 'member' then ${ofThem}
    when 'membership' then ${ofThem}
    else true end`
}

/** Groups that were there from the first start: no change ever said so. */
export async function unsaidGroups(tx: Tx): Promise<{ id: GroupId; name: string }[]> {
  const { rows } = await sql<{ id: GroupId; name: string }>`
    select id, name from people_group
    where not exists (select from fact_change where entity = 'group' and entity_id = people_group.id::text)`.execute(tx)
  return rows
}
