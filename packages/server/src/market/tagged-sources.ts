/**
 * Which data sources carry the reserved tags of a data product: the only way by which these come and go.
 *
 * Tagged, a data source is open to the product's members through the standing policies (06); publishing never takes
 * access from anybody. Whether a product may be published, changed or taken back is decided elsewhere.
 */
import type { DataSourceId, Level } from '@headgate/core'
import type { Act } from '../db/act.ts'
import { lockProduct, storeTaggedSources, taggedSources } from '../db/tagged-source.ts'

export type TaggingCause =
  | 'product-published'
  | 'product-changed'
  | 'product-unpublished'
  | 'product-retired'
  | 'product-deleted'
  | 'data-source-deleted'

export interface Tagged {
  readonly dataSources: readonly number[]
  /** The levels that can be asked for: each is a tag of its own. */
  readonly levels: readonly Level[]
}

/**
 * From now on these data sources carry the product's tags, and no others; undefined: none. Nothing is said where it is
 * so already. Throws Problem `data-product-not-found`.
 */
export async function setTaggedSources(
  doing: Act,
  product: string,
  tagged: Tagged | undefined,
  cause: TaggingCause,
): Promise<void> {
  const { tx, changed } = doing
  const { levels } = await lockProduct(tx, product)
  const before = await taggedSources(tx, product)
  const after = [...new Set(tagged?.dataSources)].sort((a, b) => a - b)
  const offered = (['READ', 'WRITE'] as const).filter(level => (tagged?.levels ?? levels).includes(level))
  if (`${before} ${levels}` === `${after} ${offered}`) return
  await storeTaggedSources(tx, product, after, offered)
  const fact = { id: product, dataSources: after as DataSourceId[], levels: offered }
  changed('dataProduct', product, after.length === 0 ? null : fact, cause)
}
