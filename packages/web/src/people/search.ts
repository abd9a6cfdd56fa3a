/** What the list of people keeps in its address. */
import { api, type User, userKinds } from '@headgate/core/api'
import { type ListSearch, readListSearch, type Sorted, sortIn, textIn } from '../ui/list-search.ts'

export interface PeopleSearch extends ListSearch, Sorted<(typeof sorts)[number]> {
  readonly kind?: User['kind']
  /** An identity provider's name, or `local`. */
  readonly provider?: string
  readonly state?: (typeof states)[number]
}

const sorts = api.users.list.query.shape.sort.unwrap().options
const states = ['enabled', 'disabled', 'unmapped'] as const

export function readPeopleSearch(search: Record<string, unknown>): PeopleSearch {
  const kind = userKinds.find(one => one === search.kind)
  const state = states.find(one => one === search.state)
  return {
    ...readListSearch(search),
    ...sortIn(search, sorts),
    ...textIn(search, 'provider'),
    ...(kind !== undefined && { kind }),
    ...(state !== undefined && { state }),
  }
}

/** What the API is asked for. */
export function filtersOf({ search, kind, provider, state }: PeopleSearch) {
  return {
    ...(search !== undefined && { search }),
    ...(kind !== undefined && { kind }),
    ...(provider !== undefined && { provider }),
    ...(state === 'unmapped'
      ? { unmapped: 'true' }
      : state !== undefined && { disabled: String(state === 'disabled') }),
  }
}
