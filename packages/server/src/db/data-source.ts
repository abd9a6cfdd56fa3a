/**
 * Data sources as rows: find and list. Nothing here finds a deleted one: its row stays for history only.
 */
import { printScope } from '@headgate/core'
import type { DataSource } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { AuditTarget, Tx } from './act.ts'
import { containing, type Page, type PageQuery, readCursor, toPage } from './page.ts'
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

export async function isOwner(db: Reader, dataSource: number, person: number): Promise<boolean> {
  const row = await db
    .selectFrom('data_source_owner')
    .where('data_source_id', '=', dataSource)
    .where('person_id', '=', person)
    .select('person_id')
    .executeTakeFirst()
  return row !== undefined
}

export async function ownedBy(db: Reader, person: number): Promise<number[]> {
  const rows = await db
    .selectFrom('data_source_owner')
    .where('person_id', '=', person)
    .select('data_source_id')
    .execute()
  return rows.map(row => row.data_source_id)
}

export interface DataSourceQuery extends PageQuery {
  readonly tag?: string | undefined
  readonly integrationId?: number | undefined
  readonly state?: 'active' | 'disabled' | undefined
}

/** By name; the search looks at name, description and scope. `only` narrows to some ids. */
export async function listDataSources(
  db: Reader,
  query: DataSourceQuery,
  only?: readonly number[],
): Promise<Page<DataSource>> {
  const { tag, integrationId, state } = query
  const matching = matchSearch(db, query.search)
    .$if(only !== undefined, chosen => chosen.where('id', '=', sql<number>`any(${only})`))
    .$if(tag !== undefined, chosen => chosen.where(carries(tag as string)))
    .$if(integrationId !== undefined, chosen => chosen.where('integration_id', '=', integrationId as number))
    .$if(state !== undefined, chosen => chosen.where('state', '=', state as 'active'))
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const after = readCursor(query.cursor)
  const rows = await matching
    .$if(after !== undefined, chosen => chosen.where('name', '>', after as string))
    .selectAll()
    .orderBy('name')
    .limit(query.limit + 1)
    .execute()
  const page = toPage(rows, query.limit, total, row => row.name)
  return { ...page, items: await presentDataSources(db, page.items) }
}

function matchSearch(db: Reader, search: string | undefined) {
  if (search === undefined || search === '') return living(db)
  const pattern = containing(search)
  const scope = sql<string>`'s3://' || bucket || '/' || key || case kind when 'object' then '' else '*' end`
  return living(db).where(({ or, eb }) =>
    or([eb('name', 'ilike', pattern), eb('description', 'ilike', pattern), eb(scope, 'ilike', pattern)]),
  )
}

/** The tag itself or one below it. */
function carries(tag: string) {
  return sql<boolean>`exists (select from data_source_tag
    where data_source_id = data_source.id and (tag = ${tag} or starts_with(tag, ${`${tag}.`})))`
}

export async function presentDataSources(db: Reader, rows: readonly DataSourceRow[]): Promise<DataSource[]> {
  if (rows.length === 0) return []
  const ids = rows.map(({ id }) => id)
  const tags = await db
    .selectFrom('data_source_tag')
    .selectAll()
    .where('data_source_id', '=', sql<number>`any(${ids})`)
    .orderBy('tag')
    .execute()
  const owners = await db
    .selectFrom('data_source_owner')
    .innerJoin('person', 'person.id', 'person_id')
    .where('data_source_id', '=', sql<number>`any(${ids})`)
    .where('deleted_at', 'is', null)
    .select(['data_source_id', 'person.id', 'person.userid'])
    .orderBy('person.userid')
    .execute()
  const tagsOf = Map.groupBy(tags, row => row.data_source_id)
  const ownersOf = Map.groupBy(owners, row => row.data_source_id)
  return rows.map(row => ({
    id: row.id,
    name: row.name,
    description: row.description,
    integrationId: String(row.integration_id),
    prefix: row.prefix,
    scope: printScope(row),
    kind: row.kind,
    tags: (tagsOf.get(row.id) ?? []).map(({ tag }) => tag),
    owners: (ownersOf.get(row.id) ?? []).map(({ id, userid }) => ({ id, userid })),
    state: row.state === 'active' ? 'active' : 'disabled',
    createdAt: new Date(row.created_at).toISOString(),
  }))
}

export function dataSourceTarget({ id, name }: Pick<DataSourceRow, 'id' | 'name'>): AuditTarget {
  return { type: 'DATASOURCE', id: String(id), name }
}

/** All but the deleted ones. */
export function living(db: Reader) {
  return db.selectFrom('data_source').where('state', '<>', 'deleted')
}
