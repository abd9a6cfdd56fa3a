/** What the catalogue of tags keeps in its address. */
import { api } from '@headgate/core/api'
import { type ListSearch, readListSearch, type Sorted, sortIn } from '../ui/list-search.ts'

const sorts = api.tags.list.query.shape.sort.unwrap().options

export type TagSearch = ListSearch & Sorted<(typeof sorts)[number]>

export function readTagSearch(search: Record<string, unknown>): TagSearch {
  return { ...readListSearch(search), ...sortIn(search, sorts) }
}
