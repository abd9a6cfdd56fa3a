/** What the lists of requests keep in their address. */
import { type AccessRequest, api } from '@headgate/core/api'
import { type ListSearch, readListSearch, type Sorted, sortIn } from '../ui/list-search.ts'

const boxes = ['mine', 'toDecide', 'all'] as const
export type Box = (typeof boxes)[number]

export const requestStates = [
  'pending',
  'approved',
  'denied',
  'canceled',
  'expired',
  'revoked',
] as const satisfies AccessRequest['state'][]

const sorts = api.requests.list.query.shape.sort.unwrap().options

export interface RequestSearch extends ListSearch, Sorted<(typeof sorts)[number]> {
  /** Absent: one's own. */
  readonly box?: Box
  readonly state?: AccessRequest['state']
}

export function readRequestSearch(search: Record<string, unknown>): RequestSearch {
  const box = boxes.find(one => one === search.box)
  const state = requestStates.find(one => one === search.state)
  return {
    ...readListSearch(search),
    ...sortIn(search, sorts),
    ...(box !== undefined && box !== 'mine' && { box }),
    ...(state !== undefined && { state }),
  }
}
