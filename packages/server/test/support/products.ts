/** Data products as rows, for tests of what they do to facts rather than of how they come about. */
import type { Level } from '@headgate/core'
import type { Db } from '../../src/db/open.ts'
import type { ProductState } from '../../src/db/schema.ts'

/** Of that name, listing nothing; which data sources it tags is told by `setTaggedSources`. */
export async function storeProduct(
  db: Db,
  { id, state = 'published', levels = ['READ'] }: { id: string; state?: ProductState; levels?: Level[] },
): Promise<void> {
  const definition = JSON.stringify({ description: '', dataSources: [], levels, links: [], withoutEnd: true })
  await db.kysely
    .insertInto('data_product')
    .values({ id, name: id, look_alike: id, state, levels, definition })
    .execute()
}
