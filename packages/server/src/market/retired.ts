/** Retired data products that nobody has access through any more: their tags go. */
import { act, system } from '../db/act.ts'
import { emptyRetired } from '../db/data-product.ts'
import type { World } from '../world.ts'
import { setTaggedSources } from './tagged-sources.ts'

/** Any number of nodes may look at once; each product is noticed by one of them. */
export async function untagRetired({ db }: Pick<World, 'db'>): Promise<void> {
  await act(db, system, async doing => {
    for (const id of await emptyRetired(doing.tx)) await setTaggedSources(doing, id, undefined, 'product-retired')
  })
}
