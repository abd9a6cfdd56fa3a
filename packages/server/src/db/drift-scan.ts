/**
 * Scans and what they found, as they are written: one row for each listing of an account and region, one report for each
 * of its integrations. A scan that was cut off is closed by the next, and its reports are never shown.
 */
import type { IntegrationId } from '@headgate/core'
import type { DriftDone, DriftKind, IdentityCenterDrift, LocationDrift } from '@headgate/core/api'
import { sql } from 'kysely'
import type { Tx } from './act.ts'
import { comparedStatuses } from './integration.ts'
import type { Db } from './open.ts'
import { hastenChecks } from './principal-check.ts'
import type { Session } from './session.ts'

/** Where one listing shows everything. */
export interface Place {
  readonly account: string
  readonly region: string
}

const placeClass = 0x4c69_7374 // "List"

/** One node at a time compares a place; false: another one does. Two places may share a key, and then wait. */
export async function lockPlace(session: Session, { account, region }: Place): Promise<boolean> {
  const key = `${account} ${region}`
  return (await session.value('select pg_try_advisory_lock($1, hashtext($2))', [placeClass, key])) === true
}

export async function unlockPlace(session: Session, { account, region }: Place): Promise<void> {
  await session.value('select pg_advisory_unlock($1, hashtext($2))', [placeClass, `${account} ${region}`])
}

const compared = sql`(${sql.join(comparedStatuses)})`

export interface DuePlace extends Place {
  /** Whoever leads this one compares the place. */
  readonly first: IntegrationId
}

/** Asked for, cut off, or not compared for so long; `everyMs` 0: not by the clock. */
export async function duePlaces(db: Db, everyMs: number): Promise<DuePlace[]> {
  const { rows } = await sql<DuePlace>`
    select account_id as account, region, min(id) as first from integration i
    where status in ${compared}
    group by account_id, region
    having exists (select 1 from drift_scan s where s.account_id = i.account_id and s.region = i.region
        and s.finished_at is null)
      or ${everyMs}::float8 > 0 and coalesce(
        (select max(started_at) from drift_scan s where s.account_id = i.account_id and s.region = i.region),
        min(created_at)) < clock_timestamp() - ${everyMs}::float8 * interval '1 ms'`.execute(db.kysely)
  return rows
}

export interface Scan {
  readonly id: number
  readonly startedAt: number
}

/** For whoever holds the place's lock. Takes up what was asked for; what another left unfinished is closed. */
export async function beginScan(db: Db, { account, region }: Place): Promise<Scan> {
  return db.transaction(async tx => {
    await sql`update drift_scan set finished_at = clock_timestamp(), error = 'cut off'
      where account_id = ${account} and region = ${region} and started_at is not null and finished_at is null`.execute(
      tx,
    )
    const { rows } = await sql<Scan>`
      with waiting as (
        update drift_scan set started_at = clock_timestamp()
        where account_id = ${account} and region = ${region} and started_at is null
        returning id, started_at
      ), own as (
        insert into drift_scan (account_id, region, started_at)
        select ${account}, ${region}, clock_timestamp() where not exists (select 1 from waiting)
        returning id, started_at
      )
      select id, started_at as "startedAt" from waiting union all select id, started_at from own`.execute(tx)
    const [scan] = rows
    if (!scan) throw new Error('no scan was begun')
    return scan
  })
}

export async function endScan(
  db: Db,
  { id }: Scan,
  end: { readonly listed: number; readonly outside: number; readonly error?: string },
): Promise<void> {
  await db.kysely
    .updateTable('drift_scan')
    .set({
      listed: end.listed,
      outside: end.outside,
      error: end.error ?? null,
      finished_at: sql<Date>`clock_timestamp()`,
    })
    .where('id', '=', id)
    .execute()
}

/** Asks for one, unless one waits already; `requestedBy`: a person. */
export async function requestScan(tx: Tx, { account, region }: Place, requestedBy: number): Promise<void> {
  await sql`insert into drift_scan (account_id, region, requested_by) values (${account}, ${region}, ${requestedBy})
    on conflict (account_id, region) where started_at is null do nothing`.execute(tx)
  // Who asks whether AWS is as it should be asks about its principals too.
  await hastenChecks(tx, account, 0)
  // Wakes the loops, which look.
  await sql`select pg_notify('fact_change', '')`.execute(tx)
}

/** The integration's epoch as the scan begins; without one nobody has led it yet. */
export async function readEpochs(db: Db, integrations: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const rows = await db.kysely
    .selectFrom('leadership')
    .select(['integration_id', 'epoch'])
    .where('integration_id', '=', sql<number>`any(${integrations})`)
    .execute()
  return new Map(rows.map(({ integration_id: id, epoch }) => [id, epoch]))
}

export interface Places {
  readonly location: LocationDrift
  readonly identityCenter: IdentityCenterDrift
  readonly identityCenterArn: string | undefined
}

export async function beginReport(db: Db, scan: Scan, integration: number, places: Places): Promise<number> {
  const { id } = await db.kysely
    .insertInto('drift_report')
    .values({
      scan_id: scan.id,
      integration_id: integration,
      started_at: new Date(scan.startedAt),
      location: places.location,
      identity_center: places.identityCenter,
      identity_center_arn: places.identityCenterArn ?? null,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

export interface Finding {
  readonly kind: DriftKind
  readonly done: DriftDone
  readonly detail: string
  readonly awsGrantId?: string
  readonly ledgerId?: number
  readonly grantee?: string
  readonly scope?: string
  readonly permission?: string
}

export async function insertFindings(tx: Tx, report: number, findings: readonly Finding[]): Promise<void> {
  if (findings.length === 0) return
  await sql`insert into drift_finding (report_id, kind, done, detail, aws_grant_id, ledger_id, grantee, scope, permission)
    select ${report}, kind, done, detail, "awsGrantId", "ledgerId", grantee, scope, permission
    from jsonb_to_recordset(${JSON.stringify(findings)}::jsonb) as f(kind text, done text, detail text,
      "awsGrantId" text, "ledgerId" bigint, grantee text, scope text, permission text)`.execute(tx)
}

export interface Counts {
  readonly checked: number
  readonly equal: number
  readonly missing: number
  readonly changed: number
  readonly orphans: number
  readonly foreign: number
  readonly unjudged: number
}

const keptDays = 30

/** Ends a report, and lets go of those of the integration that are older than a month. */
export async function endReport(db: Db, report: number, integration: number, counts: Counts): Promise<void> {
  await db.kysely
    .updateTable('drift_report')
    .set({ ...counts, finished_at: sql<Date>`clock_timestamp()` })
    .where('id', '=', report)
    .execute()
  await sql`delete from drift_report where integration_id = ${integration} and id <> ${report}
    and started_at < now() - ${keptDays} * interval '1 day'`.execute(db.kysely)
}
