/**
 * Exports of audit events: which are due, and the ranges of positions that each is made of. A range is written down
 * before its object is and never changes, so whoever tries again writes the same under the same name.
 */
import { type Kysely, sql } from 'kysely'
import type { Tx } from './act.ts'
import type { TargetRow } from './export-target.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

/** Events of one object: some megabytes, made in memory. */
const mostInOne = 10_000
/** What one object may take, with tries in vain. */
const leaseMs = 300_000
const retryMs = 300_000

export interface ExportSettings {
  readonly intervalHours: number
  readonly enabled: boolean
}

export async function insertAuditExport(tx: Tx, { id }: TargetRow, settings: ExportSettings): Promise<void> {
  const { intervalHours: interval_hours, enabled } = settings
  await tx.insertInto('audit_export').values({ id, interval_hours, enabled }).execute()
}

/** What was exported stays so: it goes on behind it, wherever it now goes. */
export async function updateAuditExport(tx: Tx, id: number, settings: ExportSettings): Promise<void> {
  const { intervalHours: interval_hours, enabled } = settings
  await tx
    .updateTable('audit_export')
    .set({ interval_hours, enabled, next_at: sql<Date>`now()` })
    .where('id', '=', id)
    .execute()
}

export interface ExportRow extends ExportSettings {
  readonly id: number
  readonly exportedThrough: number
  readonly nextAt: number
}

export async function findAuditExport(db: Reader, id: number): Promise<ExportRow | undefined> {
  const row = await db.selectFrom('audit_export').selectAll().where('id', '=', id).executeTakeFirst()
  return (
    row && {
      id: row.id,
      intervalHours: row.interval_hours,
      enabled: row.enabled,
      exportedThrough: row.exported_through,
      nextAt: row.next_at,
    }
  )
}

/** Nobody else carries it out until the lease ends. Undefined: it is not due, or somebody does already. */
export async function takeDueExport(db: Reader, only?: number): Promise<number | undefined> {
  const { rows } = await sql<{ id: number }>`
    update audit_export set busy_until = clock_timestamp() + ${leaseMs}::float8 * interval '1 ms'
    where id = (
      select audit_export.id from audit_export join export_target on export_target.id = audit_export.id
      where deleted_at is null and coalesce(busy_until <= clock_timestamp(), true)
        and (${only ?? null}::bigint is null and enabled and next_at <= clock_timestamp() or audit_export.id = ${only ?? null})
      order by next_at limit 1 for update of audit_export skip locked)
    returning id`.execute(db)
  return rows[0]?.id
}

export async function renewExport(db: Reader, id: number): Promise<void> {
  await sql`update audit_export set busy_until = clock_timestamp() + ${leaseMs}::float8 * interval '1 ms'
    where id = ${id}`.execute(db)
}

/** Done or failed: others may, once it is due again. */
export async function endExport(db: Reader, id: number, isDone: boolean): Promise<void> {
  await sql`update audit_export set busy_until = null, next_at = case when ${isDone}::boolean
      then clock_timestamp() + interval_hours * interval '1 hour'
      else clock_timestamp() + ${retryMs}::float8 * interval '1 ms' end
    where id = ${id}`.execute(db)
}

export interface ExportRange {
  readonly id: number
  readonly firstPosition: number
  readonly lastPosition: number
  readonly attempts: number
}

/** The range that was begun, or the next one: whole batches, all of them sealed. Undefined: nothing has happened since. */
export async function nextExportRange(tx: Tx, exportId: number): Promise<ExportRange | undefined> {
  const { rows } = await sql<ExportRange>`
    with locked as (select id, exported_through from audit_export where id = ${exportId} for update),
    last as (
      select max(last_position) as position from audit_batch, locked
      where first_position > exported_through and last_position <= exported_through + ${mostInOne}
    ),
    -- Of one batch that is larger than that.
    next as (
      select coalesce(last.position, (select last_position from audit_batch, locked
        where first_position > exported_through order by number limit 1)) as position from last
    )
    insert into audit_export_range (export_id, first_position, last_position, attempts)
    select id, exported_through + 1, position, 1 from locked, next where position is not null
    on conflict (export_id, first_position) do update set attempts = audit_export_range.attempts + 1, error = null
    returning id, first_position as "firstPosition", last_position as "lastPosition", attempts`.execute(tx)
  return rows[0]
}

export interface DoneRange {
  readonly bytes: number
  readonly sha256: string
}

/** Once, whoever comes second. */
export async function finishRange(tx: Tx, exportId: number, range: ExportRange, done: DoneRange): Promise<boolean> {
  const { numAffectedRows } = await sql`
    with finished as (
      update audit_export_range set finished_at = clock_timestamp(), bytes = ${done.bytes},
        sha256 = ${Buffer.from(done.sha256, 'hex')}, error = null
      where id = ${range.id} and finished_at is null returning last_position
    )
    update audit_export set exported_through = last_position from finished where id = ${exportId}`.execute(tx)
  return Number(numAffectedRows ?? 0) > 0
}

export async function failRange(db: Reader, range: ExportRange, error: string): Promise<void> {
  await db.updateTable('audit_export_range').set({ error }).where('id', '=', range.id).execute()
}

/** The number of the batch that begins there. */
export async function batchAt(db: Reader, firstPosition: number): Promise<number | undefined> {
  const { rows } = await sql<{ number: number }>`
    select number from audit_batch where first_position >= ${firstPosition} order by first_position limit 1`.execute(db)
  return rows[0]?.number
}

export interface RangeRow extends ExportRange {
  readonly chosenAt: number
  readonly finishedAt: number | null
  readonly bytes: number | null
  readonly error: string | null
}

/** Newest first. */
export async function listRanges(db: Reader, exportId: number, below: number, limit: number): Promise<RangeRow[]> {
  const rows = await db
    .selectFrom('audit_export_range')
    .selectAll()
    .where('export_id', '=', exportId)
    .where('id', '<', below)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(row => ({
    id: row.id,
    firstPosition: row.first_position,
    lastPosition: row.last_position,
    attempts: row.attempts,
    chosenAt: row.chosen_at,
    finishedAt: row.finished_at,
    bytes: row.bytes,
    error: row.error,
  }))
}

export async function countRanges(db: Reader, exportId: number): Promise<number> {
  const { count } = await db
    .selectFrom('audit_export_range')
    .where('export_id', '=', exportId)
    .select(sql<number>`count(*)`.as('count'))
    .executeTakeFirstOrThrow()
  return count
}
