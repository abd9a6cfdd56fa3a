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

export async function insertRun(
  tx: Tx,
  { integration, epoch }: Leadership,
  plan: { readonly sequence: number; readonly toCreate: number; readonly toRevoke: number },
): Promise<number> {
  const { id } = await tx
    .insertInto('run')
    .values({
      integration_id: integration,
      epoch,
      sequence: plan.sequence,
      to_create: plan.toCreate,
      to_revoke: plan.toRevoke,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

export async function finishRun(db: Db, id: number, { created, revoked, failed }: RunTally): Promise<void> {
  await db.kysely
    .updateTable('run')
    .set({ created, revoked, failed, finished_at: sql<Date>`now()` })
    .where('id', '=', id)
    .execute()
}
