/**
 * How much room AWS has left, per account and region: all grants and locations there, ours or not.
 *
 * Others' grants are known from the audit's listings only; between two of them their number is taken to stay, and ours
 * is what the ledger says now. Without a listing, ours are all that is known.
 */
import type { Instant, Sample } from '@headgate/core'
import { type Kysely, sql } from 'kysely'
import type { Tx } from './act.ts'
import type { IntegrationRow } from './integration.ts'
import type { Db } from './open.ts'
import type { RunTally } from './run.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export interface Place {
  readonly accountId: string
  readonly region: string
}

export interface Usage extends Place {
  readonly grants: { readonly used: number; readonly ours: number; readonly of: number }
  readonly locations: { readonly used: number; readonly of: number }
  /** When all of AWS was last counted; null: never, so only ours is known. */
  readonly listedAt: Instant | null
  /** Since when AWS refuses new grants. */
  readonly fullSince: Instant | null
}

/** Of every account and region with an integration in use. */
export async function usages(db: Reader): Promise<Usage[]> {
  const { rows } = await sql<{
    account_id: string
    region: string
    ours: number
    locations: number
    others: number | null
    listed_at: Instant | null
    grants_quota: number | null
    locations_quota: number | null
    full_since: Instant | null
  }>`
    select place.account_id, place.region, place.ours, scan.others, scan.finished_at as listed_at,
      greatest(place.locations, capacity.locations_seen) as locations,
      capacity.grants_quota, capacity.locations_quota, capacity.full_since
    from (
      select account_id, region, count(*) filter (where aws_location_id is not null) as locations,
        coalesce(sum((select count(*) from ledger where ledger.integration_id = integration.id
          and ledger.state in ('active', 'revoking', 'revokeFailed'))), 0)::bigint as ours
      from integration where status <> 'deleted' group by account_id, region
    ) place
    left join capacity using (account_id, region)
    left join lateral (
      select finished_at, outside + coalesce((select sum(report."foreign" + report.orphans)
        from drift_report report where report.scan_id = drift_scan.id), 0)::bigint as others
      from drift_scan
      where drift_scan.account_id = place.account_id and drift_scan.region = place.region
        and finished_at is not null and error is null
      order by started_at desc limit 1
    ) scan on true
    order by place.account_id, place.region`.execute(db)
  return rows.map(row => ({
    accountId: row.account_id,
    region: row.region,
    grants: { used: row.ours + (row.others ?? 0), ours: row.ours, of: row.grants_quota ?? defaultQuotas.grants },
    locations: { used: row.locations, of: row.locations_quota ?? defaultQuotas.locations },
    listedAt: row.listed_at,
    fullSince: row.full_since,
  }))
}

/** AWS's own, where nobody said otherwise. */
const defaultQuotas = { grants: 100_000, locations: 1000 } as const

/** So far back the trend looks. */
const trendDays = 30

/** What was in use, by the hour, oldest first. */
export async function samplesOf(db: Reader, { accountId, region }: Place): Promise<Sample[]> {
  return db
    .selectFrom('capacity_sample')
    .where('account_id', '=', accountId)
    .where('region', '=', region)
    .where('hour', '>', sql<number>`now() - ${trendDays} * interval '1 day'`)
    .select(['hour as at', 'grants as used'])
    .orderBy('hour')
    .execute()
}

/** Once an hour is enough; of several in one hour the last stands. */
export async function recordSamples(db: Db): Promise<void> {
  for (const { accountId, region, grants, locations } of await usages(db.kysely)) {
    await sql`
      insert into capacity_sample (account_id, region, hour, grants, locations)
      values (${accountId}, ${region}, date_trunc('hour', now()), ${grants.used}, ${locations.used})
      on conflict (account_id, region, hour) do update set grants = excluded.grants, locations = excluded.locations
    `.execute(db.kysely)
  }
}

/** How many locations AWS listed, ours or not. */
export async function noteLocations(db: Db, { accountId, region }: Place, count: number): Promise<void> {
  await sql`insert into capacity (account_id, region, locations_seen) values (${accountId}, ${region}, ${count})
    on conflict (account_id, region) do update set locations_seen = excluded.locations_seen`.execute(db.kysely)
}

/** Says since when there is no room, and when there is some again: then whoever waited for it is due. */
export async function noteRoom(
  db: Db,
  { id, account_id: accountId, region }: IntegrationRow,
  { created, revoked, isOverQuota }: RunTally & { readonly isOverQuota: boolean },
): Promise<void> {
  if (isOverQuota) {
    await sql`insert into capacity (account_id, region, full_since) values (${accountId}, ${region}, now())
      on conflict (account_id, region) do update set full_since = coalesce(capacity.full_since, now())`.execute(
      db.kysely,
    )
  } else if (created + revoked > 0) {
    await sql`update capacity set full_since = null
      where account_id = ${accountId} and region = ${region} and full_since is not null`.execute(db.kysely)
  }
  // What went made room for whoever was refused for want of it.
  if (revoked > 0) {
    await sql`update ledger set next_try_at = now()
      where integration_id = ${id} and state = 'createFailed' and error_code = ${noRoom} and next_try_at > now()`.execute(
      db.kysely,
    )
  }
}

/** AWS's own word, as the ledger keeps it. */
const noRoom = 'AccessGrantsQuotaExceededError'

export async function setQuotas(
  tx: Tx,
  { accountId, region }: Place,
  quotas: { readonly grants: number; readonly locations: number },
): Promise<void> {
  const set = { grants_quota: quotas.grants, locations_quota: quotas.locations }
  await tx
    .insertInto('capacity')
    .values({ account_id: accountId, region, ...set })
    .onConflict(conflict => conflict.columns(['account_id', 'region']).doUpdateSet(set))
    .execute()
}
