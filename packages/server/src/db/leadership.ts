/**
 * Who works on an integration: whoever holds its advisory lock, under an epoch that rises with every new leader.
 *
 * The lock keeps others away while its connection lives; the epoch makes what an old leader still writes after that
 * worthless: every ledger write is conditional on it.
 */
import type { IntegrationId } from '@headgate/core'
import { sql } from 'kysely'
import type { Tx } from './act.ts'
import type { Db } from './open.ts'
import type { Session } from './session.ts'

export interface Leadership {
  readonly integration: IntegrationId
  readonly epoch: number
}

/** Somebody else leads by now: nothing was written, and nothing more must be done. */
export class LeadershipLost extends Error {
  constructor({ integration, epoch }: Leadership) {
    super(`epoch ${epoch} of integration ${integration} is over`)
    this.name = 'LeadershipLost'
  }
}

const lockClass = 0x4865_6164 // "Head"; with a second key, so apart from the locks of one key

export async function tryLock(session: Session, integration: IntegrationId): Promise<boolean> {
  return (await session.value('select pg_try_advisory_lock($1, $2)', [lockClass, integration])) === true
}

export async function unlock(session: Session, integration: IntegrationId): Promise<void> {
  await session.value('select pg_advisory_unlock($1, $2)', [lockClass, integration])
}

/** To be called by whoever holds the lock. `isOrderly`: the leader before, if any, left with no call in flight. */
export async function beginEpoch(
  db: Db,
  integration: IntegrationId,
): Promise<Leadership & { readonly isOrderly: boolean }> {
  return db.transaction(async tx => {
    await tx
      .insertInto('leadership')
      .values({ integration_id: integration })
      .onConflict(conflict => conflict.doNothing())
      .execute()
    const before = await tx
      .selectFrom('leadership')
      .select(['epoch', 'released'])
      .where('integration_id', '=', integration)
      .forUpdate()
      .executeTakeFirstOrThrow()
    const epoch = before.epoch + 1
    await tx
      .updateTable('leadership')
      .set({ epoch, released: false })
      .where('integration_id', '=', integration)
      .execute()
    return { integration, epoch, isOrderly: before.released }
  })
}

/** Says that no call is in flight: the successor need not wait. Changes nothing when there is one already. */
export async function endEpoch(db: Db, { integration, epoch }: Leadership): Promise<void> {
  await db.kysely
    .updateTable('leadership')
    .set({ released: true })
    .where('integration_id', '=', integration)
    .where('epoch', '=', epoch)
    .execute()
}

/** Nobody else begins an epoch until the transaction ends. Throws LeadershipLost. */
export async function assertLeading(tx: Tx, lead: Leadership): Promise<void> {
  const row = await tx
    .selectFrom('leadership')
    .select('epoch')
    .where('integration_id', '=', lead.integration)
    .where('epoch', '=', lead.epoch)
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw new LeadershipLost(lead)
}

/** The last change whose whole effect is in the ledger; `isSettled`: and AWS holds it. */
export async function recordCheckpoint(
  tx: Tx,
  { integration }: Leadership,
  { checkpoint, isSettled }: { readonly checkpoint?: number; readonly isSettled: boolean },
): Promise<void> {
  if (checkpoint === undefined && !isSettled) return
  await tx
    .updateTable('leadership')
    .set({
      ...(checkpoint === undefined ? {} : { checkpoint: sql<number>`greatest(checkpoint, ${checkpoint}::bigint)` }),
      ...(isSettled ? { settled_at: sql<Date>`now()` } : {}),
    })
    .where('integration_id', '=', integration)
    .execute()
}

export async function readCheckpoint(tx: Tx, integration: IntegrationId): Promise<number> {
  const row = await tx
    .selectFrom('leadership')
    .select('checkpoint')
    .where('integration_id', '=', integration)
    .executeTakeFirst()
  return row?.checkpoint ?? 0
}
