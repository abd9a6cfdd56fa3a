/** Data sources by name, for those who only show them; deleted ones too. */
import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

export async function dataSourceNames(db: Kysely<Database>, ids: readonly number[]): Promise<Map<number, string>> {
  const rows = await db
    .selectFrom('data_source')
    .where('id', '=', sql<number>`any(${ids})`)
    .select(['id', 'name'])
    .execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}
