/** Which data sources carry the tag of a data product now, and at which levels. What a draft lists is elsewhere. */
import type { Level } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Kysely } from 'kysely'
import type { Tx } from './act.ts'
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

/** By id. */
export async function productNames(db: Kysely<Database>, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await db.selectFrom('data_product').where('id', 'in', ids).select('id').execute()
  return new Map(rows.map(({ id }) => [id, id]))
}
