/** Runs: each carrying-out of a plan, and what came of it. */
import { sql } from 'kysely'
import type { Tx } from './act.ts'
import type { Leadership } from './leadership.ts'
import type { Db } from './open.ts'

export interface RunTally {
  readonly created: number
  readonly revoked: number
  readonly failed: number
}

/** Calls a second over an integration's latest runs; undefined where none has ended with a call. */
export async function recentRate(tx: Tx, integration: number): Promise<number | undefined> {
  const { rows } = await sql<{ calls: number; seconds: number }>`
    select coalesce(sum(created + revoked), 0)::float8 as calls,
      coalesce(sum(extract(epoch from finished_at - started_at)), 0)::float8 as seconds
    from (select * from run where integration_id = ${integration} and finished_at is not null
      and created + revoked > 0 order by id desc limit 20) latest`.execute(tx)
  const [latest] = rows
  return latest && latest.calls > 0 && latest.seconds > 0 ? latest.calls / latest.seconds : undefined
}

export async function insertRun(
  tx: Tx,
  { integration, epoch }: Leadership,
  plan: { readonly sequence: number; readonly toCreate: number; readonly toRevoke: number; readonly held: number },
): Promise<number> {
  const { id } = await tx
    .insertInto('run')
    .values({
      integration_id: integration,
      epoch,
      sequence: plan.sequence,
      to_create: plan.toCreate,
      to_revoke: plan.toRevoke,
      held: plan.held,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** What has been done so far, for those who watch. */
export async function noteProgress(db: Db, id: number, { created, revoked, failed }: RunTally): Promise<void> {
  await db.kysely
    .updateTable('run')
    .set({ created, revoked, failed })
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .execute()
}

export async function finishRun(db: Db, id: number, { created, revoked, failed }: RunTally): Promise<void> {
  await db.kysely
    .updateTable('run')
    .set({ created, revoked, failed, finished_at: sql<Date>`now()` })
    .where('id', '=', id)
    .execute()
}
