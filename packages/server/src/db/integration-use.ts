/** What hangs on an integration: its data sources, and what the ledger says of its grants. */
import { type Kysely, sql } from 'kysely'
import type { Act } from './act.ts'
import { deleteDataSource, setDataSourceState } from './data-source-state.ts'
import type { Database } from './schema.ts'
import { lockProductsOf } from './tagged-source.ts'

type Reader = Kysely<Database>

/** How many of its data sources are not disabled. */
export async function countActiveDataSources(db: Reader, integrationId: number): Promise<number> {
  const { count } = await activeDataSources(db, integrationId)
    .select(sql<number>`count(*)`.as('count'))
    .executeTakeFirstOrThrow()
  return count
}

/** As if somebody had disabled them one by one. */
export async function disableDataSources(act: Act, integrationId: number): Promise<void> {
  const rows = await activeDataSources(act.tx, integrationId).selectAll().orderBy('id').forUpdate().execute()
  for (const row of rows) await setDataSourceState(act, row, 'disabled')
}

/** What is left of an integration's data sources when it ends: nothing could bring them back, and their scopes are free. */
export async function deleteDataSources(act: Act, integrationId: number): Promise<void> {
  const rows = await act.tx
    .selectFrom('data_source')
    .where('integration_id', '=', integrationId)
    .where('state', '<>', 'deleted')
    .selectAll()
    .orderBy('id')
    .forUpdate()
    .execute()
  const ids = rows.map(({ id }) => id)
  await lockProductsOf(act.tx, ids)
  for (const row of rows) await deleteDataSource(act, row)
}

/** Names of the buckets of its data sources; the first few, for what is to be looked at. */
export async function bucketsInUse(db: Reader, integrationId: number, most = 5): Promise<string[]> {
  const rows = await activeDataSources(db, integrationId)
    .select('bucket')
    .distinct()
    .orderBy('bucket')
    .limit(most)
    .execute()
  return rows.map(({ bucket }) => bucket)
}

function activeDataSources(db: Reader, integrationId: number) {
  return db.selectFrom('data_source').where('integration_id', '=', integrationId).where('state', '=', 'active')
}

/** Grants that are in AWS, on their way there or on their way out. */
export async function hasLiveGrants(db: Reader, integrationId: number): Promise<boolean> {
  const row = await db
    .selectFrom('ledger')
    .select(sql`1`.as('one'))
    .where('integration_id', '=', integrationId)
    .where('state', 'not in', ['revoked', 'abandoned'])
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** What the ledger says of its grants: AWS's ids of all that ever were, and the intents of those without one yet. */
export async function ownGrants(
  db: Reader,
  integrationId: number,
): Promise<{ readonly awsGrantIds: ReadonlySet<string>; readonly openIntents: ReadonlySet<string> }> {
  const rows = await db
    .selectFrom('ledger')
    .select(['aws_grant_id', 'intent'])
    .where('integration_id', '=', integrationId)
    .execute()
  const awsGrantIds = new Set<string>()
  const openIntents = new Set<string>()
  for (const row of rows) {
    if (row.aws_grant_id === null) openIntents.add(row.intent)
    else awsGrantIds.add(row.aws_grant_id)
  }
  return { awsGrantIds, openIntents }
}

/**
 * Gives up every grant that the ledger knows of: nothing is called for any of them again. Whoever leads the
 * integration at this moment leads it no more, so that no outcome is written over it.
 */
export async function abandonGrants(act: Act, integrationId: number): Promise<number> {
  await act.tx
    .updateTable('leadership')
    .set(({ eb }) => ({ epoch: eb('epoch', '+', 1), released: false }))
    .where('integration_id', '=', integrationId)
    .execute()
  const { numUpdatedRows } = await act.tx
    .updateTable('ledger')
    .set({ state: 'abandoned', held: null, next_try_at: null, updated_at: new Date(act.now) })
    .where('integration_id', '=', integrationId)
    .where('state', 'not in', ['revoked', 'abandoned'])
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}
