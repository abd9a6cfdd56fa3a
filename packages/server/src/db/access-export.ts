/**
 * Access summary exports: what is to be exported when, and the runs. A run is taken by one node, for as long as it says
 * that it is there; the time is the database's.
 */
import { randomUUID } from 'node:crypto'
import type { Instant } from '@headgate/core'
import type { ExportCause, ExportedTable, ExportFormat } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Tx } from './act.ts'
import type { TargetRow } from './export-target.ts'
import { readCursor, readNumber, toPage } from './page.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>
type ExportRow = Selectable<Database['access_export']>
export type RunRow = Selectable<Database['access_export_run']>

/** A target with what is exported there. */
export type AccessExportRow = TargetRow & Pick<ExportRow, 'format' | 'schedule' | 'time_zone' | 'due_at'>

export interface ExportSettings {
  readonly format: ExportFormat
  readonly schedule: string | null
  readonly timeZone: string | null
  readonly dueAt: Instant
}

// ── Exports ──

export async function listExports(db: Reader): Promise<AccessExportRow[]> {
  return exports(db).orderBy('export_target.id').execute()
}

/** Undefined where there is none, or it has ended. */
export async function findExport(db: Reader, id: number): Promise<AccessExportRow | undefined> {
  return exports(db).where('export_target.id', '=', id).executeTakeFirst()
}

/** Another one that puts its files into the same folder. Nobody else makes one until the transaction ends. */
export async function exportInto(
  tx: Tx,
  { bucket, path }: Pick<TargetRow, 'bucket' | 'path'>,
  but = 0,
): Promise<number | undefined> {
  await sql`lock table access_export in share row exclusive mode`.execute(tx)
  const rows = await exports(tx).where('bucket', '=', bucket).where('path', '=', path).execute()
  return rows.find(({ id }) => id !== but)?.id
}

export async function insertExport(tx: Tx, id: number, settings: ExportSettings): Promise<void> {
  await tx
    .insertInto('access_export')
    .values({ id, ...columnsOf(settings) })
    .execute()
}

export async function updateExport(tx: Tx, id: number, settings: ExportSettings): Promise<void> {
  await tx.updateTable('access_export').set(columnsOf(settings)).where('id', '=', id).execute()
}

/** Nothing is due any more, and what waits is given up; a run under way finds that out by itself. */
export async function endAccessExport(tx: Tx, id: number): Promise<void> {
  await tx.updateTable('access_export').set({ due_at: null }).where('id', '=', id).execute()
  await tx
    .updateTable('access_export_run')
    .set({ state: 'failed', holder: null, finished_at: sql<Date>`now()`, error: 'the export was deleted' })
    .where('export_id', '=', id)
    .where('state', 'in', ['waiting', 'running'])
    .execute()
}

/** Those whose time has come. Nobody else takes them until the transaction ends. */
export async function lockDueExports(tx: Tx): Promise<AccessExportRow[]> {
  return exports(tx)
    .where(sql<boolean>`due_at <= now()`)
    .orderBy('due_at')
    .forUpdate('access_export')
    .skipLocked()
    .execute()
}

export async function setDue(tx: Tx, id: number, dueAt: Instant): Promise<void> {
  await tx
    .updateTable('access_export')
    .set({ due_at: new Date(dueAt) })
    .where('id', '=', id)
    .execute()
}

// ── Runs ──

export interface NewRun {
  readonly exportId: number
  readonly cause: ExportCause
  readonly askedBy?: number | undefined
  readonly dueAt?: Instant | undefined
  /** The moment of the past that it shows. */
  readonly asOf?: Instant | undefined
}

/** Undefined where there is one already that waits or is under way: one of today, and one of the past, at a time. */
export async function insertRun(tx: Reader, run: NewRun): Promise<RunRow | undefined> {
  const { exportId, cause, askedBy, dueAt, asOf } = run
  return tx
    .insertInto('access_export_run')
    .values({
      export_id: exportId,
      cause,
      asked_by: askedBy ?? null,
      due_at: dueAt === undefined ? null : new Date(dueAt),
      as_of: asOf === undefined ? null : new Date(asOf),
    })
    .onConflict(conflict => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
}

/** The one of today, or of the past, that waits or is under way; nobody else changes it until the transaction ends. */
export async function lockOpenRun(
  tx: Tx,
  exportId: number,
  { isPast }: { readonly isPast: boolean },
): Promise<RunRow | undefined> {
  return tx
    .selectFrom('access_export_run')
    .selectAll()
    .where('export_id', '=', exportId)
    .where('as_of', isPast ? 'is not' : 'is', null)
    .where('state', 'in', ['waiting', 'running'])
    .forUpdate()
    .executeTakeFirst()
}

/** What waits is tried at once. */
export async function hastenRun(tx: Tx, id: number): Promise<RunRow> {
  return tx
    .updateTable('access_export_run')
    .set({ next_at: sql<Date>`now()` })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export interface TakenRun extends RunRow {
  readonly holder: string
}

/** One that waits for its time, or whose node is gone; it is this node's for so long. */
export async function takeRun(db: Reader, leaseMs: number): Promise<TakenRun | undefined> {
  const next = db
    .selectFrom('access_export_run')
    .where('state', 'in', ['waiting', 'running'])
    .where(sql<boolean>`next_at <= clock_timestamp()`)
    .orderBy('next_at')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .select('id')
  const holder = randomUUID()
  const row = await db
    .updateTable('access_export_run')
    .set({
      state: 'running',
      holder,
      ...{ files: null, rows: null, bytes: null },
      attempts: sql<number>`attempts + 1`,
      next_at: inMs(leaseMs),
      started_at: sql<Date>`coalesce(started_at, clock_timestamp())`,
    })
    .where('id', 'in', next)
    .returningAll()
    .executeTakeFirst()
  return row && { ...row, holder }
}

/** What is in the bucket by now. */
export interface SoFar {
  files: number
  rows: number
  bytes: number
}

/** False: it is somebody else's by now, or over. */
export async function renewRun(db: Reader, run: TakenRun, leaseMs: number, soFar: SoFar): Promise<boolean> {
  const row = await mine(db, run)
    .set({ ...soFar, next_at: inMs(leaseMs) })
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

export interface Written {
  /** The day in whose folder it lies, or the moment of the past that it is of. */
  readonly exportDate?: string
  readonly asOf?: string
  /** `s3://bucket/path/export_date=…/`. */
  readonly place: string
  readonly sequence: number
  readonly tables: readonly ExportedTable[]
  readonly files: number
  readonly rows: number
  readonly bytes: number
  readonly warnings: readonly string[]
}

/** Whether it was still ours to say. */
export async function endRun(db: Reader, run: TakenRun, written: Written): Promise<boolean> {
  const { exportDate, place, sequence, tables, files, rows, bytes, warnings } = written
  const row = await mine(db, run)
    .set({
      ...{ place, sequence, files, rows, bytes },
      export_date: exportDate ?? null,
      tables: JSON.stringify(tables),
    })
    .set({ state: 'succeeded', holder: null, finished_at: clock, error: null, warnings: [...warnings] })
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** @param againMs when it is tried again; undefined: no more. Whether it was still ours to say. */
export async function failRun(db: Reader, run: TakenRun, error: string, againMs?: number): Promise<boolean> {
  const row = await mine(db, run)
    .set({ error, holder: null })
    .set(againMs === undefined ? { state: 'failed', finished_at: clock } : { state: 'waiting', next_at: inMs(againMs) })
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** As if it had not been taken: the process stops, and another goes on. */
export async function giveRunBack(db: Reader, run: TakenRun): Promise<void> {
  await mine(db, run)
    .set({ state: 'waiting', holder: null, attempts: sql<number>`attempts - 1`, next_at: clock })
    .execute()
}

/** Newest first. */
export async function listRuns(
  db: Reader,
  exportId: number,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
) {
  const before = readNumber(readCursor(cursor))
  const rows = await db
    .selectFrom('access_export_run')
    .selectAll()
    .where('export_id', '=', exportId)
    .$if(before !== undefined, some => some.where('id', '<', before as number))
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  const { total } = await db
    .selectFrom('access_export_run')
    .where('export_id', '=', exportId)
    .select(sql<number>`count(*)`.as('total'))
    .executeTakeFirstOrThrow()
  return toPage(rows, limit, total, row => String(row.id))
}

export async function lastRuns(db: Reader, exportIds: readonly number[]): Promise<Map<number, RunRow>> {
  if (exportIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('access_export_run')
    .selectAll()
    .distinctOn('export_id')
    .where('export_id', 'in', exportIds)
    .orderBy('export_id')
    .orderBy('id', 'desc')
    .execute()
  return new Map(rows.map(row => [row.export_id, row]))
}

const clock = sql<Date>`clock_timestamp()`

function inMs(ms: number) {
  return sql<Date>`clock_timestamp() + make_interval(secs => ${ms / 1000})`
}

function mine(db: Reader, { id, holder }: TakenRun) {
  return db.updateTable('access_export_run').where('id', '=', id).where('holder', '=', holder)
}

function exports(db: Reader) {
  return db
    .selectFrom('export_target')
    .innerJoin('access_export', 'access_export.id', 'export_target.id')
    .where('purpose', '=', 'accessSummary')
    .where('deleted_at', 'is', null)
    .selectAll('export_target')
    .select(['format', 'schedule', 'time_zone', 'due_at'])
}

function columnsOf({ format, schedule, timeZone, dueAt }: ExportSettings) {
  return { format, schedule, time_zone: timeZone, due_at: new Date(dueAt) }
}
