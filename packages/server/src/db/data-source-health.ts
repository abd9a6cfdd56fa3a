/**
 * How data sources fare in AWS: what was last seen of bucket and path, and the grants of theirs that AWS refused.
 *
 * Of several troubles the one that explains the others is told. Health decides over nothing: it is no fact.
 */
import type { Health } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Tx } from './act.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>
type Row = Selectable<Database['data_source']>

const failed = ['createFailed', 'revokeFailed'] as const

/** As `presentHealth` tells it, for queries. */
export const healthOf = sql<Health['status']>`case
  when data_source.health = 'bucket-unreachable' then data_source.health
  when exists (select from ledger where ledger.data_source_id = data_source.id
    and ledger.state in ('createFailed', 'revokeFailed')) then 'provisioning-error'
  else data_source.health end`

/** The grants of a data source that AWS refused. */
export interface Failures {
  readonly count: number
  readonly codes: readonly string[]
}

export async function findFailures(db: Reader, dataSources: readonly number[]): Promise<Map<number, Failures>> {
  const rows = await db
    .selectFrom('ledger')
    .where('data_source_id', '=', sql<number>`any(${dataSources})`)
    .where('state', 'in', failed)
    .groupBy('data_source_id')
    .select(['data_source_id', sql<number>`count(*)`.as('count')])
    .select(sql<string[]>`array_remove(array_agg(distinct error_code), null)`.as('codes'))
    .execute()
  return new Map(rows.map(({ data_source_id: id, count, codes }) => [id, { count, codes }]))
}

export function presentHealth(row: Row, failures: Failures | undefined): Health {
  const checked = row.checked_at === null ? {} : { checkedAt: new Date(row.checked_at).toISOString() }
  if (row.health !== 'bucket-unreachable' && failures) {
    const { count, codes } = failures
    const message = `AWS refused ${count === 1 ? 'one grant' : `${count} grants`} of it (${codes.join(', ')}): see its grants`
    return { status: 'provisioning-error', message, ...checked }
  }
  return { status: row.health, ...(row.health_message === null ? {} : { message: row.health_message }), ...checked }
}

/** What a look at bucket and path found. */
export interface Finding {
  readonly health: Row['health']
  readonly message?: string
}

/** Somebody who looks out of turn puts the next turn off. */
export async function recordHealth(
  db: Reader,
  id: number,
  { health, message }: Finding,
  everyMs: number,
): Promise<Row | undefined> {
  return db
    .updateTable('data_source')
    .set({
      health,
      health_message: message ?? null,
      checked_at: sql<Date>`now()`,
      check_due_at: sql<Date>`now() + make_interval(secs => ${everyMs / 1000})`,
    })
    .where('id', '=', id)
    .where('state', '<>', 'deleted')
    .returningAll()
    .executeTakeFirst()
}

/**
 * Takes up to `most` that are due, longest waiting first: whoever takes them looks, and nobody else until they are due
 * again. What is taken and never looked at, because its node died, is due again after the usual time.
 */
export async function takeDue(tx: Tx, most: number, everyMs: number): Promise<Row[]> {
  const due = tx
    .selectFrom('data_source')
    .where('state', '=', 'active')
    .where(sql<boolean>`check_due_at <= now()`)
    .orderBy('check_due_at')
    .limit(most)
    .forUpdate()
    .skipLocked()
    .select('id')
  return tx
    .updateTable('data_source')
    .set({ check_due_at: sql<Date>`now() + make_interval(secs => ${everyMs / 1000})` })
    .where('id', 'in', due)
    .returningAll()
    .execute()
}

/** How many are looked at in turn. */
export async function countActive(db: Reader): Promise<number> {
  const { count } = await db
    .selectFrom('data_source')
    .where('state', '=', 'active')
    .select(sql<number>`count(*)`.as('count'))
    .executeTakeFirstOrThrow()
  return count
}
