/** What the list of groups keeps in its address. */
import { api } from '@headgate/core/api'
import { type ListSearch, readListSearch, type Sorted, sortIn } from '../ui/list-search.ts'

const sorts = api.groups.list.query.shape.sort.unwrap().options

export type GroupSearch = ListSearch & Sorted<(typeof sorts)[number]>

export function readGroupSearch(search: Record<string, unknown>): GroupSearch {
  return { ...readListSearch(search), ...sortIn(search, sorts) }
}
