/** Many people, groups and integrations by the names that a file gives them. */
import { sql } from 'kysely'
import type { Tx } from './act.ts'

export interface FoundPerson {
  readonly id: number
  readonly userid: string
  /** Who manages them; null: Headgate. */
  readonly provider: string | null
}

/** By each name as it is given; who is not there is not among them. Spelt exactly so goes before spelt alike. */
export async function peopleNamed(tx: Tx, names: Iterable<string>): Promise<Map<string, FoundPerson>> {
  const { rows } = await sql<FoundPerson & { given: string }>`
    select distinct on (given) given, id, userid, provider
    from unnest(${[...new Set(names)]}::text[]) given
      join person on userid_key = name_key(given) and deleted_at is null
    order by given, userid = given desc, twin`.execute(tx)
  return new Map(rows.map(({ given, ...person }) => [given, person]))
}

export interface FoundGroup {
  readonly id: number
  readonly name: string
  readonly provider: string | null
}

export async function groupsNamed(tx: Tx, names: Iterable<string>): Promise<Map<string, FoundGroup>> {
  const { rows } = await sql<FoundGroup & { given: string }>`
    select distinct on (given) given, id, name, provider
    from unnest(${[...new Set(names)]}::text[]) given join people_group on name_key = name_key(given)
    order by given, name = given desc, twin`.execute(tx)
  return new Map(rows.map(({ given, ...group }) => [given, group]))
}

/** Those in use, by name. */
export async function integrationsByName(tx: Tx): Promise<Map<string, number>> {
  const rows = await tx.selectFrom('integration').where('status', '<>', 'deleted').select(['id', 'name']).execute()
  return new Map(rows.map(({ id, name }) => [name, id]))
}

/** Nobody else changes them until the transaction ends. */
export async function lockPeople(tx: Tx, ids: Iterable<number>): Promise<void> {
  await sql`select from person where id = any(${[...new Set(ids)]}) order by id for update`.execute(tx)
}

export async function lockGroups(tx: Tx, ids: Iterable<number>): Promise<void> {
  await sql`select from people_group where id = any(${[...new Set(ids)]}) order by id for update`.execute(tx)
}

/** Of these groups those that a person is in. */
export async function groupsAmong(tx: Tx, people: readonly number[], groups: Iterable<number>): Promise<Set<number>> {
  const rows = await tx
    .selectFrom('group_member')
    .where('person_id', 'in', people)
    .where('group_id', '=', sql<number>`any(${[...new Set(groups)]})`)
    .select('group_id')
    .execute()
  return new Set(rows.map(row => row.group_id))
}
