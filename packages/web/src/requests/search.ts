/** What the lists of requests keep in their address. */
import { type ListSearch, readListSearch } from '../ui/list-search.ts'

const boxes = ['mine', 'toDecide', 'all'] as const
export type Box = (typeof boxes)[number]

export interface RequestSearch extends ListSearch {
  /** Absent: one's own. */
  readonly box?: Box
}

export function readRequestSearch(search: Record<string, unknown>): RequestSearch {
  const box = boxes.find(one => one === search.box)
  return { ...readListSearch(search), ...(box !== undefined && box !== 'mine' && { box }) }
}
