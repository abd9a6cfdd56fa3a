/** People as they are shown beside other things. */
import { type Kysely, sql } from 'kysely'
import { containing, type Page, type PageQuery, readCursor, toPage } from './page.ts'
import type { Database } from './schema.ts'

export interface NamedPerson {
  readonly id: number
  readonly userid: string
  readonly name: string
}

/** Those of them that are not deleted, by id. */
export async function findPeople(db: Kysely<Database>, ids: readonly number[]): Promise<Map<number, NamedPerson>> {
  const rows = await named(db, ids).where('deleted_at', 'is', null).execute()
  return new Map(rows.map(row => [row.id, row]))
}

/** Deleted ones too, under their last names. */
export async function findAnybody(db: Kysely<Database>, ids: readonly number[]): Promise<Map<number, NamedPerson>> {
  const rows = await named(db, ids).execute()
  return new Map(rows.map(row => [row.id, row]))
}

function named(db: Kysely<Database>, ids: readonly number[]) {
  return db.selectFrom('person').where('id', '=', sql<number>`any(${ids})`).select(['id', 'userid', 'name'])
}

/** Those of them that are not deleted, by user name; the search looks at user name and name. */
export async function pageOfPeople(
  db: Kysely<Database>,
  ids: readonly number[],
  { search, cursor, limit }: PageQuery,
): Promise<Page<NamedPerson>> {
  const matching = db
    .selectFrom('person')
    .where('id', '=', sql<number>`any(${ids})`)
    .where('deleted_at', 'is', null)
    .$if(search !== undefined && search !== '', query => {
      const pattern = containing(search as string)
      return query.where(({ or, eb }) => or([eb('userid', 'ilike', pattern), eb('name', 'ilike', pattern)]))
    })
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const after = readCursor(cursor)
  const rows = await matching
    .$if(after !== undefined, query => query.where('userid', '>', after as string))
    .select(['id', 'userid', 'name'])
    .orderBy('userid')
    .limit(limit + 1)
    .execute()
  return toPage(rows, limit, total, row => row.userid)
}
