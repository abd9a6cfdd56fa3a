/** What reports read that no other page of the product does: series over time, and what ends soon. */
import type { Instant } from '@headgate/core'
import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export interface DayOfGrants {
  /** `YYYY-MM-DD`, in UTC. */
  readonly day: string
  readonly people: number
  readonly grants: number
}

/**
 * Who held how many grants in AWS at the end of each day; today's end is now.
 *
 * Counted by comings and goings, so that a year costs what a day does. A person's overlapping grants are one stretch.
 */
export async function grantsByDay(
  db: Reader,
  { from, to }: { readonly from: string; readonly to: string },
  of: { readonly dataSource?: number | undefined; readonly integration?: number | undefined },
): Promise<DayOfGrants[]> {
  const { rows } = await sql<DayOfGrants>`
    with held as (
      select person_id, tstzrange(active_at, revoked_at) as span from ledger
      where active_at is not null and (revoked_at is null or revoked_at > active_at)
        and (${of.dataSource ?? null}::bigint is null or data_source_id = ${of.dataSource ?? null})
        and (${of.integration ?? null}::bigint is null or integration_id = ${of.integration ?? null})
    ), stretch as (
      select unnest(range_agg(span)) as span from held group by person_id
    ), move as (
      select lower(span) as at, 1 as people, 0 as grants from stretch
      union all select upper(span), -1, 0 from stretch where not upper_inf(span)
      union all select lower(span), 0, 1 from held
      union all select upper(span), 0, -1 from held where not upper_inf(span)
    ), daily as (
      select greatest((at at time zone 'UTC')::date, ${from}::date) as day, sum(people) as people, sum(grants) as grants
      from move group by 1
    )
    select to_char(day, 'YYYY-MM-DD') as day,
      coalesce(sum(people) over (order by day), 0)::bigint as people,
      coalesce(sum(grants) over (order by day), 0)::bigint as grants
    from generate_series(${from}::timestamp, ${to}::timestamp, '1 day') series (day)
    left join daily using (day)
    order by day`.execute(db)
  return rows
}

export interface Ending {
  readonly kind: 'member' | 'membership'
  readonly id: number
  readonly who: string
  readonly what: string
  readonly level: string
  readonly until: Instant
  readonly reason: string
}

/** What ends within the days; the earliest first. `after` is the last one of the page before. */
export async function endingWithin(
  db: Reader,
  days: number,
  { limit, after }: { readonly limit: number; readonly after?: Pick<Ending, 'until' | 'kind' | 'id'> | undefined },
): Promise<Ending[]> {
  const { rows } = await sql<Ending>`
    select * from (
      select 'member' as kind, member.id, coalesce(person.userid, 'group ' || people_group.name) as who,
        data_source.name as what, member.level, member.until, member.reason
      from member
      join data_source on data_source.id = member.data_source_id
      left join person on person.id = member.person_id
      left join people_group on people_group.id = member.group_id
      where member.until is not null
      union all
      select 'membership', membership.id, person.userid, data_product.name, membership.level, membership.until,
        coalesce('request ' || membership.request_id, '')
      from membership
      join data_product on data_product.id = membership.product_id
      join person on person.id = membership.person_id
      where membership.ended_at is null and membership.until is not null
    ) ending
    where until > now() and until <= now() + ${days} * interval '1 day'
      and (${after ? new Date(after.until) : null}::timestamptz is null
        or (until, kind, id) > (${after ? new Date(after.until) : null}::timestamptz, ${after?.kind ?? null}::text, ${after?.id ?? null}::bigint))
    order by until, kind, id
    limit ${limit}`.execute(db)
  return rows
}

export interface Decider {
  readonly id: number
  readonly userid: string
  readonly name: string
  readonly approved: number
  readonly denied: number
  /** From asking to deciding, the middle one. */
  readonly medianHours: number
  readonly last: Instant
}

/** Who decided about requests, by days in UTC; by user name, whoever is gone by now too. */
export async function deciders(
  db: Reader,
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<Decider[]> {
  const { rows } = await sql<Decider>`
    select person.id, person.userid, person.name,
      count(*) filter (where verdict = 'approve') as approved, count(*) filter (where verdict = 'deny') as denied,
      round((percentile_cont(0.5) within group (order by extract(epoch from decision.at - request.created_at)) / 3600)::numeric, 1)::float8
        as "medianHours",
      max(decision.at) as last
    from request_decision decision
    join request on request.id = decision.request_id
    join person on person.id = decision.by_id
    where (${from ?? null}::date is null or decision.at >= ${from ?? null}::date at time zone 'UTC')
      and (${to ?? null}::date is null or decision.at < (${to ?? null}::date + 1) at time zone 'UTC')
    group by person.id
    order by person.userid, person.id`.execute(db)
  return rows
}

export interface Comparison {
  readonly id: number
  readonly at: Instant
  readonly integrationId: number
  readonly integration: string
  readonly checked: number
  readonly missing: number
  readonly changed: number
  readonly orphans: number
  readonly foreign: number
  readonly unjudged: number
  readonly location: string
}

/** Of AWS with the ledger, newest first; by day in UTC. */
export async function comparisons(
  db: Reader,
  of: {
    readonly integration?: number | undefined
    readonly from?: string | undefined
    readonly to?: string | undefined
  },
  { limit, before }: { readonly limit: number; readonly before?: number | undefined },
): Promise<Comparison[]> {
  return db
    .selectFrom('drift_report')
    .innerJoin('integration', 'integration.id', 'drift_report.integration_id')
    .where('finished_at', 'is not', null)
    .$if(of.integration !== undefined, some => some.where('integration_id', '=', of.integration as number))
    .$if(of.from !== undefined, some => some.where(sql<boolean>`started_at >= ${of.from}::date at time zone 'UTC'`))
    .$if(of.to !== undefined, some => some.where(sql<boolean>`started_at < (${of.to}::date + 1) at time zone 'UTC'`))
    .$if(before !== undefined, some => some.where('drift_report.id', '<', before as number))
    .select([
      'drift_report.id',
      'started_at as at',
      'integration_id as integrationId',
      'integration.name as integration',
    ])
    .select(['checked', 'missing', 'changed', 'orphans', 'foreign', 'unjudged', 'location'])
    .orderBy('drift_report.id', 'desc')
    .limit(limit)
    .execute()
}
