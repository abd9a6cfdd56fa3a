/**
 * Who meets a criterion of a review flow now: as sets of people, so that a group of everybody costs one statement.
 *
 * Whoever is disabled or deleted meets nothing.
 */
import { allUsers, type Criterion, selfAndParents } from '@headgate/core'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export interface Somebody {
  readonly id: number
  readonly userid: string
  readonly name: string
}

/** Where rights in "its domain" are looked for, and who is left out. */
export interface Whom {
  readonly domains: readonly string[]
  readonly except?: readonly number[]
}

/** Everybody who meets it, by user name; with a limit the first of them. */
export async function whoMeets(
  db: Reader,
  criterion: Criterion,
  whom: Whom,
  limit?: number,
): Promise<readonly Somebody[]> {
  const { rows } = await sql<Somebody>`
    select id, userid, name from person where ${meets(criterion, whom)}
    order by userid ${limit === undefined ? sql`` : sql`limit ${limit}`}`.execute(db)
  return rows
}

export async function countWhoMeet(db: Reader, criterion: Criterion, whom: Whom): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from person where ${meets(criterion, whom)}`.execute(db)
  return rows[0]?.count ?? 0
}

/**
 * Of these people, the places (from 0) of the criteria that each meets, ascending; nothing for who meets none.
 * @param disabledToo as if they were enabled
 */
export async function criteriaMet(
  db: Reader,
  criteria: readonly Criterion[],
  { domains }: Pick<Whom, 'domains'>,
  people: readonly number[],
  { disabledToo = false }: { readonly disabledToo?: boolean } = {},
): Promise<ReadonlyMap<number, readonly number[]>> {
  if (criteria.length === 0 || people.length === 0) return new Map()
  const each = criteria.map(
    (criterion, at) => sql`
      select ${at}::int as criterion, person_id from (${setOf(criterion, domains)}) one
      where person_id = any(${people}::bigint[])`,
  )
  const { rows } = await sql<{ id: number; criteria: number[] }>`
    select person.id, array_agg(distinct criterion order by criterion) as criteria
    from (${sql.join(each, sql` union all `)}) met join person on person.id = met.person_id
    where ${disabledToo ? isKnown : isThere} group by person.id`.execute(db)
  return new Map(rows.map(row => [row.id, row.criteria]))
}

const isKnown = sql<boolean>`person.deleted_at is null`
const isThere = sql<boolean>`(${isKnown} and not person.disabled)`

function meets(criterion: Criterion, { domains, except = [] }: Whom): RawBuilder<boolean> {
  // That is everybody, and needs no set.
  const isAnybody = 'group' in criterion && criterion.group === allUsers
  const isIn = isAnybody ? sql`` : sql`and person.id in (${setOf(criterion, domains)})`
  return sql`${isThere} and person.id <> all(${except}::bigint[]) ${isIn}`
}

/** As the column `person_id`; some may be there twice. */
function setOf(criterion: Criterion, domains: readonly string[]): RawBuilder<unknown> {
  if ('user' in criterion) {
    return sql`select id as person_id from person where userid = ${criterion.user} and deleted_at is null`
  }
  if ('group' in criterion) return inGroups(sql`select id from people_group where name = ${criterion.group}`)
  if ('permission' in criterion) {
    return sql`select person_id from person_permission where permission = ${criterion.permission}`
  }
  if ('domainRight' in criterion) {
    const where = criterion.domain === undefined ? domains : [criterion.domain]
    const right = sql`domain = any(${where}::text[]) and "right" = ${criterion.domainRight}`
    return sql`select person_id from domain_right where person_id is not null and ${right}
      union all ${inGroups(sql`select group_id from domain_right where group_id is not null and ${right}`)}`
  }
  const { key, value } = criterion.attribute
  const held = value === undefined ? sql`key = ${key}` : sql`key = ${key} and value = any(${selfAndParents(value)})`
  return sql`select person_id from person_attribute where ${held}
    union all ${inGroups(sql`select group_id from group_attribute where ${held}`)}`
}

/** The people of these groups; everybody, where the built-in one is among them. */
function inGroups(ids: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`select person_id from group_member where group_id in (${ids})
    union all select id as person_id from person where exists (
      select from people_group built_in where built_in.name = ${allUsers} and built_in.id in (${ids}))`
}
