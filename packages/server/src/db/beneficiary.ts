/** What the rules of a review flow may look at: a person's groups, attributes and principals, as the directory has them. */
import { allUsers, type RequestAbout } from '@headgate/core'
import { type Kysely, sql } from 'kysely'
import { effective } from './principal-view.ts'
import type { Database } from './schema.ts'

/** Undefined where there is no such person (any more). */
export async function knownOf(
  db: Kysely<Database>,
  person: number,
): Promise<Omit<RequestAbout, 'level' | 'durationMs'> | undefined> {
  const row = await db
    .selectFrom('person')
    .where('id', '=', person)
    .where('deleted_at', 'is', null)
    .select('userid')
    .executeTakeFirst()
  if (!row) return undefined
  const groups = await db
    .selectFrom('people_group')
    .where(sql<boolean>`(name = ${allUsers} or id in (select group_id from group_member where person_id = ${person}))`)
    .select(['id', 'name'])
    .orderBy('name')
    .execute()
  const { rows: attributes } = await sql<{ key: string; value: string }>`
    select key, value from person_attribute where person_id = ${person}
    union select key, value from group_attribute where group_id = any(${groups.map(({ id }) => id)}::bigint[])
    order by key, value`.execute(db)
  const principals = await db.selectFrom('principal').selectAll().where('person_id', '=', person).execute()
  return {
    userid: row.userid,
    groups: groups.map(({ name }) => name),
    attributes,
    principalKinds: [...new Set(effective(principals).map(({ kind }) => kind))],
  }
}

/** By user name; deleted ones too. */
export async function peopleNamed(
  db: Kysely<Database>,
  ids: readonly number[],
): Promise<{ id: number; userid: string; name: string }[]> {
  return db
    .selectFrom('person')
    .where('id', '=', sql<number>`any(${ids})`)
    .select(['id', 'userid', 'name'])
    .orderBy('userid')
    .execute()
}

/** Undefined where there is no such product (any more). */
export async function findDomainOfProduct(
  db: Kysely<Database>,
  product: string,
): Promise<{ readonly domain: string | null } | undefined> {
  return db
    .selectFrom('data_product')
    .where('id', '=', product)
    .where('state', '<>', 'deleted')
    .select('domain')
    .executeTakeFirst()
}
