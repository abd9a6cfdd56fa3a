/** People as they are shown beside other things. */
import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

export interface NamedPerson {
  readonly id: number
  readonly userid: string
  readonly name: string
}

/** Those of them that are not deleted, by id. */
export async function findPeople(db: Kysely<Database>, ids: readonly number[]): Promise<Map<number, NamedPerson>> {
  const rows = await db
    .selectFrom('person')
    .where('id', '=', sql<number>`any(${ids})`)
    .where('deleted_at', 'is', null)
    .select(['id', 'userid', 'name'])
    .execute()
  return new Map(rows.map(row => [row.id, row]))
}
