/**
 * Who meets a criterion of a review flow now: as sets of people, so that a group of everybody costs one statement.
 *
 * Whoever is disabled or deleted meets nothing.
 */
import { allUsers, type Criterion, selfAndParents } from '@headgate/core'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export interface Approver {
  readonly id: number
  readonly userid: string
  readonly name: string
  /** Places (from 0) of the criteria that they meet. */
  readonly criteria: number[]
}

/** Where rights in "its domain" are looked for, and who is left out. */
export interface Whom {
  readonly domains: readonly string[]
  readonly except?: readonly number[]
}

/** Those who meet a criterion, by user name, up to `limit`; with only some people, those of them. */
export async function peopleWhoMeet(
  db: Reader,
  criteria: readonly Criterion[],
  { domains, except = [] }: Whom,
  { limit, only }: { readonly limit?: number; readonly only?: readonly number[] } = {},
): Promise<Approver[]> {
  if (criteria.length === 0) return []
  const { rows } = await sql<Approver>`
    select person.id, person.userid, person.name, array_agg(met.criterion order by met.criterion) as criteria
    from (${metBy(criteria, domains, only)}) met join person on person.id = met.person_id
    where ${isThere} and person.id <> all(${except}::bigint[])
    group by person.id order by person.userid ${limit === undefined ? sql`` : sql`limit ${limit}`}`.execute(db)
  return rows
}

/** For each criterion how many meet it, and up to `some` of them. */
export async function countWhoMeet(
  db: Reader,
  criteria: readonly Criterion[],
  { domains, except = [] }: Whom,
  some: number,
): Promise<{ readonly count: number; readonly some: readonly Omit<Approver, 'criteria'>[] }[]> {
  if (criteria.length === 0) return []
  const { rows } = await sql<{ criterion: number; count: number } & Omit<Approver, 'criteria'>>`
    select criterion, id, userid, name, count from (
      select met.criterion, person.id, person.userid, person.name,
        count(*) over (partition by met.criterion) as count,
        row_number() over (partition by met.criterion order by person.userid) as place
      from (${metBy(criteria, domains)}) met join person on person.id = met.person_id
      where ${isThere} and person.id <> all(${except}::bigint[])
    ) ranked where place <= ${Math.max(some, 1)} order by criterion, place`.execute(db)
  return criteria.map((_, at) => {
    const ofIt = rows.filter(({ criterion }) => criterion === at)
    const shown = ofIt.slice(0, some).map(({ id, userid, name }) => ({ id, userid, name }))
    return { count: ofIt[0]?.count ?? 0, some: shown }
  })
}

const isThere = sql<boolean>`(person.deleted_at is null and not person.disabled)`

/** Pairs of `criterion` and `person_id`, no two alike. */
function metBy(
  criteria: readonly Criterion[],
  domains: readonly string[],
  only?: readonly number[],
): RawBuilder<unknown> {
  const among = only === undefined ? sql`` : sql` where person_id = any(${only}::bigint[])`
  return sql.join(
    criteria.map(
      (criterion, at) =>
        sql`select distinct ${at}::int as criterion, person_id from (${whoMeet(criterion, domains)}) one${among}`,
    ),
    sql` union all `,
  )
}

function whoMeet(criterion: Criterion, domains: readonly string[]): RawBuilder<unknown> {
  if ('user' in criterion) {
    return sql`select id as person_id from person where userid = ${criterion.user} and deleted_at is null`
  }
  if ('group' in criterion) return inGroups(sql`name = ${criterion.group}`)
  if ('permission' in criterion) {
    return sql`select person_id from person_permission where permission = ${criterion.permission}`
  }
  if ('domainRight' in criterion) {
    const right = sql`domain = any(${criterion.domain === undefined ? domains : [criterion.domain]}::text[])
      and "right" = ${criterion.domainRight}`
    return sql`select person_id from domain_right where person_id is not null and ${right}
      union all ${inGroups(sql`id in (select group_id from domain_right where ${right})`)}`
  }
  const { key, value } = criterion.attribute
  const held = value === undefined ? sql`key = ${key}` : sql`key = ${key} and value = any(${selfAndParents(value)})`
  return sql`select person_id from person_attribute where ${held}
    union all ${inGroups(sql`id in (select group_id from group_attribute where ${held})`)}`
}

/** The people of these groups; everybody, where the built-in one is among them. */
function inGroups(which: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`select person_id from group_member where group_id in (select id from people_group where ${which})
    union all select person.id from person, people_group where people_group.name = ${allUsers} and ${
      // The columns of the group, which `person` has too.
      sql`people_group.id in (select id from people_group where ${which})`
    }`
}
