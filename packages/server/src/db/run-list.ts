/** Runs as they are read: how far each has come, and the grants it was about. Never writes. */
import type { Grant, Run } from '@headgate/core/api'
import { type Kysely, sql } from 'kysely'
import { namedGrants } from './grant-list.ts'
import { type Page, type PageQuery, readCursor, readNumber, toPage } from './page.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export interface RunQuery extends PageQuery {
  readonly integrationId?: number | undefined
  /** Only those with, or without, revocations that wait for a release. */
  readonly held?: boolean | undefined
}

/** Newest first. */
export async function listRuns(db: Reader, query: RunQuery): Promise<Page<Run>> {
  const { integrationId, held, limit } = query
  const matching = db
    .selectFrom('run')
    .$if(integrationId !== undefined, some => some.where('run.integration_id', '=', integrationId as number))
    .$if(held !== undefined, some => some.where(waiting, held ? '>' : '=', 0))
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const before = readNumber(readCursor(query.cursor))
  const rows = await withEpoch(matching.$if(before !== undefined, some => some.where('run.id', '<', before as number)))
    .orderBy('run.id', 'desc')
    .limit(limit + 1)
    .execute()
  const page = toPage(rows, limit, total, row => String(row.id))
  return { ...page, items: page.items.map(toRun) }
}

export async function findRun(db: Reader, id: number): Promise<Run | undefined> {
  const [run] = await findRuns(db, [id])
  return run
}

/** Oldest first. */
export async function findRuns(db: Reader, ids: readonly number[], integrationId?: number): Promise<Run[]> {
  const rows = await withEpoch(db.selectFrom('run'))
    .where('run.id', '=', sql<number>`any(${ids})`)
    .$if(integrationId !== undefined, some => some.where('run.integration_id', '=', integrationId as number))
    .orderBy('run.id')
    .execute()
  return rows.map(toRun)
}

/** Those that go on, and the latest besides; oldest first. */
export async function currentRuns(db: Reader, integrationId?: number): Promise<Run[]> {
  const { rows } = await sql<{ id: number }>`
    (select id from run where (${integrationId ?? null}::bigint is null or integration_id = ${integrationId ?? null})
      order by id desc limit 20)
    union
    select run.id from run join leadership on leadership.integration_id = run.integration_id
      and leadership.epoch = run.epoch
    where finished_at is null
      and (${integrationId ?? null}::bigint is null or run.integration_id = ${integrationId ?? null})`.execute(db)
  return findRuns(
    db,
    rows.map(({ id }) => id),
  )
}

export type RunGrant = Grant & { readonly what: 'create' | 'revoke' | 'hold' }

/** The rows that it intended, revoked or held; oldest first. A row that was none of a run any more is left out. */
export async function grantsOfRun(db: Reader, run: number, query: PageQuery): Promise<Page<RunGrant>> {
  const after = readNumber(readCursor(query.cursor)) ?? 0
  const { rows } = await sql<{ id: number; what: RunGrant['what'] }>`
    select id, case when revoke_run_id = ${run} then 'revoke' when held_run_id = ${run} then 'hold' else 'create' end
      as what
    from (select * from ledger where run_id = ${run}
      union select * from ledger where revoke_run_id = ${run}
      union select * from ledger where held_run_id = ${run}) of_run
    where id > ${after} order by id limit ${query.limit + 1}`.execute(db)
  const { total } = await db
    .selectFrom('ledger')
    .where(({ or, eb }) => or([eb('run_id', '=', run), eb('revoke_run_id', '=', run), eb('held_run_id', '=', run)]))
    .select(sql<number>`count(*)`.as('total'))
    .executeTakeFirstOrThrow()
  const page = toPage(rows, query.limit, total, ({ id }) => String(id))
  const named = await namedGrants(
    db,
    page.items.map(({ id }) => id),
  )
  const items = page.items.flatMap(({ id, what }) => {
    const grant = named.get(id)
    return grant ? [{ ...grant, what }] : []
  })
  return { ...page, items }
}

const waiting = sql<number>`(select count(*) from ledger where ledger.held_run_id = run.id and ledger.held = 'brake')`

function withEpoch(query: ReturnType<typeof runs>) {
  return query
    .leftJoin('leadership', 'leadership.integration_id', 'run.integration_id')
    .selectAll('run')
    .select(['leadership.epoch as leading_epoch', waiting.as('waiting')])
}

function runs(db: Reader) {
  return db.selectFrom('run')
}

type Row = Awaited<ReturnType<ReturnType<typeof withEpoch>['executeTakeFirstOrThrow']>>

function toRun(row: Row): Run {
  const isLed = row.leading_epoch === row.epoch
  return {
    id: row.id,
    integrationId: String(row.integration_id),
    state: row.finished_at !== null ? 'finished' : isLed ? 'running' : 'interrupted',
    sequence: row.sequence,
    planned: { create: row.to_create, revoke: row.to_revoke },
    created: row.created,
    revoked: row.revoked,
    failed: row.failed,
    held: row.held,
    released: row.released,
    waiting: row.waiting,
    startedAt: new Date(row.started_at).toISOString(),
    ...(row.finished_at === null ? {} : { finishedAt: new Date(row.finished_at).toISOString() }),
  }
}
