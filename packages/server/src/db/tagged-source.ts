/** Which data sources carry the tag of a data product now, and at which levels. What a draft lists is elsewhere. */
import { type DataProductId, type Level, marketplaceNames, productTag } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Act, Tx } from './act.ts'
import { dataProducts } from './facts.ts'
import type { Database } from './schema.ts'

type ProductState = Database['data_product']['state']['__select__']

/** Locked: nobody is let in and nothing is tagged meanwhile. Throws Problem `data-product-not-found`. */
export async function lockProduct(
  tx: Tx,
  id: string,
): Promise<{ readonly state: ProductState; readonly levels: Level[] }> {
  const row = await tx
    .selectFrom('data_product')
    .where('id', '=', id)
    .select(['state', 'levels'])
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw new Problem('data-product-not-found', { id })
  return row
}

/** By id; none where it is not published. */
export async function taggedSources(db: Kysely<Database>, product: string): Promise<number[]> {
  const rows = await db
    .selectFrom('data_product_source')
    .where('product_id', '=', product)
    .select('data_source_id')
    .orderBy('data_source_id')
    .execute()
  return rows.map(row => row.data_source_id)
}

/** Retired products whose last member is gone, and whose tags are still there. */
export async function taggedForNobody(db: Kysely<Database>): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select id from data_product where state = 'retired'
    and exists (select from data_product_source where product_id = data_product.id)
    and not exists (select from membership where product_id = data_product.id and ended_at is null)
    order by id`.execute(db)
  return rows.map(({ id }) => id)
}

/** These and no others, at these levels. The product must be locked. */
export async function storeTaggedSources(
  tx: Tx,
  product: string,
  dataSources: readonly number[],
  levels: readonly Level[],
): Promise<void> {
  await tx
    .updateTable('data_product')
    .set({ levels: [...levels] })
    .where('id', '=', product)
    .execute()
  await tx.deleteFrom('data_product_source').where('product_id', '=', product).execute()
  if (dataSources.length === 0) return
  await tx
    .insertInto('data_product_source')
    .values(dataSources.map(id => ({ product_id: product, data_source_id: id })))
    .execute()
}

/** The reserved tags of each of these data sources. */
export async function productTagsOf(
  db: Kysely<Database>,
  dataSources: readonly number[],
): Promise<(dataSource: number) => string[]> {
  const rows = await db
    .selectFrom('data_product_source')
    .innerJoin('data_product', 'data_product.id', 'product_id')
    .where('data_source_id', '=', sql<number>`any(${dataSources})`)
    .select(['data_source_id', 'product_id', 'levels'])
    .execute()
  const byDataSource = Map.groupBy(rows, row => row.data_source_id)
  return id =>
    (byDataSource.get(id) ?? [])
      .flatMap(({ product_id, levels }) => levels.map(level => productTag(product_id as DataProductId, level)))
      .sort()
}

/** The data sources with a reserved tag or one below it; undefined: it is none. */
export function sourcesWithProductTag(tag: string): RawBuilder<unknown> | undefined {
  const level = (['READ', 'WRITE'] as const).find(one => `${tag}.`.startsWith(`${marketplaceNames[one].tag}.`))
  if (!level) return undefined
  const product = tag.slice(marketplaceNames[level].tag.length + 1)
  return sql`select data_source_id from data_product_source join data_product on data_product.id = product_id
    where ${level} = any(levels) and (${product} = '' or product_id = ${product})`
}

/** The products of all these data sources, which must be locked; by id, so that nobody waits for another in a ring. */
export async function lockProductsOf(tx: Tx, dataSources: readonly number[]): Promise<void> {
  const ids = tx
    .selectFrom('data_product_source')
    .where('data_source_id', '=', sql<number>`any(${dataSources})`)
    .select('product_id')
  await tx.selectFrom('data_product').where('id', 'in', ids).select('id').orderBy('id').forUpdate().execute()
}

/** It leaves all products; which ones. The data source must be locked. */
export async function untagEverywhere({ tx, changed }: Act, dataSource: number, cause: string): Promise<string[]> {
  const rows = await tx
    .selectFrom('data_product_source')
    .where('data_source_id', '=', dataSource)
    .select('product_id')
    .orderBy('product_id')
    .execute()
  const ids = rows.map(row => row.product_id)
  await lockProductsOf(tx, [dataSource])
  await tx.deleteFrom('data_product_source').where('data_source_id', '=', dataSource).execute()
  const left = new Map((await dataProducts(tx, ids)).map(row => [row.id as string, row]))
  for (const id of ids) changed('dataProduct', id, left.get(id) ?? null, cause)
  return ids
}

/** Those of them for which people may ask now. */
export async function takingRequests(db: Kysely<Database>, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const rows = await db
    .selectFrom('data_product')
    .where('id', 'in', ids)
    .where('state', '=', 'published')
    .select('id')
    .execute()
  return new Set(rows.map(({ id }) => id))
}

/** By id. */
export async function productNames(db: Kysely<Database>, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await db.selectFrom('data_product').where('id', 'in', ids).select(['id', 'name']).execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}
