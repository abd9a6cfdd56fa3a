/**
 * Data sources as rows, and whether somebody owns them; as the API shows them: `data-source-view.ts`. Nothing here
 * finds a deleted one: its row stays for history only.
 */
import { type Kysely, type Selectable, sql } from 'kysely'
import type { AuditTarget, Tx } from './act.ts'
import type { Database } from './schema.ts'

export type Reader = Kysely<Database>
export type DataSourceRow = Selectable<Database['data_source']>

export async function findDataSource(db: Reader, id: number): Promise<DataSourceRow | undefined> {
  return living(db).selectAll().where('id', '=', id).executeTakeFirst()
}

/** The row, and nobody else changes it until the transaction ends. */
export async function lockDataSource(tx: Tx, id: number): Promise<DataSourceRow | undefined> {
  return living(tx).selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

/** Those that are there, by id, so that two who lock some of the same never wait for each other in a ring. */
export async function lockDataSources(tx: Tx, ids: readonly number[]): Promise<DataSourceRow[]> {
  return living(tx).selectAll().where('id', '=', sql<number>`any(${ids})`).orderBy('id').forUpdate().execute()
}

/** By themselves or through a group. */
export async function isOwner(db: Reader, dataSource: number, person: number): Promise<boolean> {
  const row = await owning(db, person).where('data_source_id', '=', dataSource).limit(1).executeTakeFirst()
  return row !== undefined
}

/** What a person owns, by themselves or through a group; each once. */
export async function ownedBy(db: Reader, person: number): Promise<number[]> {
  const rows = await owning(db, person).distinct().execute()
  return rows.map(row => row.data_source_id)
}

function owning(db: Reader, person: number) {
  return db
    .selectFrom('data_source_owner')
    .where(({ or, eb, selectFrom }) =>
      or([
        eb('person_id', '=', person),
        eb('group_id', 'in', selectFrom('group_member').where('person_id', '=', person).select('group_id')),
      ]),
    )
    .select('data_source_id')
}

export function dataSourceTarget({ id, name }: Pick<DataSourceRow, 'id' | 'name'>): AuditTarget {
  return { type: 'DATASOURCE', id: String(id), name }
}

/** All but the deleted ones. */
export function living(db: Reader) {
  return db.selectFrom('data_source').where('state', '<>', 'deleted')
}
