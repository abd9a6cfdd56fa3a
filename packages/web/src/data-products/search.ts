/** What the list of data products keeps in its address. */
import { api, type DataProduct } from '@headgate/core/api'
import { type ListSearch, readListSearch, type Sorted, sortIn } from '../ui/list-search.ts'

export const productStates = ['draft', 'published', 'suspended', 'retired'] as const satisfies DataProduct['state'][]
type ProductState = (typeof productStates)[number]

const sorts = api.dataProducts.list.query.shape.sort.unwrap().options

export interface ProductSearch extends ListSearch, Sorted<(typeof sorts)[number]> {
  readonly state?: ProductState
  /** Whether the form for a new one is open. */
  readonly create?: true
}

export function readProductSearch(search: Record<string, unknown>): ProductSearch {
  const state = productStates.find(one => one === search.state)
  return {
    ...readListSearch(search),
    ...sortIn(search, sorts),
    ...(state !== undefined && { state }),
    ...(search.create === true && { create: true }),
  }
}
