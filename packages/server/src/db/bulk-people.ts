/** Many people or groups at once: read, made and changed set by set. Says nothing of it: whoever calls does. */
import { sql } from 'kysely'
import type { Tx } from './act.ts'

export interface PersonFields {
  readonly name: string
  readonly email: string | null
  readonly kind: 'person' | 'role-user' | 'service'
  readonly disabled: boolean
}

export interface StoredPerson extends PersonFields {
  readonly id: number
  readonly userid: string
  readonly provider: string | null
  /** Whether anybody disabled them, their identity provider included. */
  readonly shut: boolean
}

export async function peopleById(tx: Tx, ids: readonly number[]): Promise<Map<number, StoredPerson>> {
  const rows = await tx
    .selectFrom('person')
    .where('id', '=', sql<number>`any(${ids})`)
    .select(['id', 'userid', 'name', 'email', 'kind', 'disabled_locally as disabled', 'provider', 'disabled as shut'])
    .execute()
  return new Map(rows.map(row => [row.id, row]))
}

export interface NewPersonRow extends PersonFields {
  readonly userid: string
}

/** Those that could be made, by user name; one whose name looks like that of another is left out. */
export async function insertPeople(tx: Tx, people: readonly NewPersonRow[]): Promise<Map<string, number>> {
  if (people.length === 0) return new Map()
  const { rows } = await sql<{ id: number; userid: string }>`
    insert into person (userid, name, email, kind, disabled_locally)
    select * from unnest(${people.map(one => one.userid)}::text[], ${people.map(one => one.name)}::text[],
      ${people.map(one => one.email)}::text[], ${people.map(one => one.kind)}::text[],
      ${people.map(one => one.disabled)}::boolean[])
    on conflict do nothing returning id, userid`.execute(tx)
  return new Map(rows.map(({ id, userid }) => [userid, id]))
}

/** @returns whether they are disabled now, by whomever */
export async function updatePeople(
  tx: Tx,
  people: readonly (PersonFields & { readonly id: number })[],
): Promise<Map<number, boolean>> {
  if (people.length === 0) return new Map()
  const { rows } = await sql<{ id: number; disabled: boolean }>`
    update person set name = given.name, email = given.email, kind = given.kind, disabled_locally = given.disabled
    from unnest(${people.map(one => one.id)}::bigint[], ${people.map(one => one.name)}::text[],
      ${people.map(one => one.email)}::text[], ${people.map(one => one.kind)}::text[],
      ${people.map(one => one.disabled)}::boolean[]) as given (id, name, email, kind, disabled)
    where person.id = given.id returning person.id, person.disabled`.execute(tx)
  return new Map(rows.map(({ id, disabled }) => [id, disabled]))
}

/** Who has a name that looks like each of these. */
export async function lookingLike(
  tx: Tx,
  table: 'person' | 'people_group',
  names: readonly string[],
): Promise<Map<string, string>> {
  const [column, living] =
    table === 'person' ? [sql.ref('userid'), sql`deleted_at is null`] : [sql.ref('name'), sql`true`]
  const { rows } = await sql<{ given: string; name: string }>`
    select distinct on (given) given, ${column} as name from unnest(${names}::text[]) given
      join ${sql.table(table)} on look_alike(${column}) = look_alike(given) and ${living}
    order by given, twin`.execute(tx)
  return new Map(rows.map(({ given, name }) => [given, name]))
}

export interface StoredGroup {
  readonly id: number
  readonly name: string
  readonly description: string
  readonly provider: string | null
}

export async function groupsById(tx: Tx, ids: readonly number[]): Promise<Map<number, StoredGroup>> {
  const rows = await tx
    .selectFrom('people_group')
    .where('id', '=', sql<number>`any(${ids})`)
    .select(['id', 'name', 'description', 'provider'])
    .execute()
  return new Map(rows.map(row => [row.id, row]))
}

type NewGroupRow = Pick<StoredGroup, 'name' | 'description'>

/** Those that could be made, by name. */
export async function insertGroups(tx: Tx, groups: readonly NewGroupRow[]): Promise<Map<string, number>> {
  if (groups.length === 0) return new Map()
  const { rows } = await sql<{ id: number; name: string }>`
    insert into people_group (name, description)
    select * from unnest(${groups.map(one => one.name)}::text[], ${groups.map(one => one.description)}::text[])
    on conflict do nothing returning id, name`.execute(tx)
  return new Map(rows.map(({ id, name }) => [name, id]))
}

export async function describeGroups(
  tx: Tx,
  groups: readonly Pick<StoredGroup, 'id' | 'description'>[],
): Promise<void> {
  if (groups.length === 0) return
  await sql`
    update people_group set description = given.description
    from unnest(${groups.map(one => one.id)}::bigint[], ${groups.map(one => one.description)}::text[])
      as given (id, description) where people_group.id = given.id`.execute(tx)
}
