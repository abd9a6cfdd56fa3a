/** What the list of policies keeps in its address. */
import { api, type Policy } from '@headgate/core/api'
import { type ListSearch, readListSearch, type Sorted, sortIn, textIn } from '../ui/list-search.ts'

const sorts = api.policies.list.query.shape.sort.unwrap().options

export interface PolicySearch extends ListSearch, Sorted<(typeof sorts)[number]> {
  /** Left out: staged and active ones. */
  readonly state?: Policy['state']
  readonly kind?: Policy['kind']
  readonly domain?: string
}

export function readPolicySearch(search: Record<string, unknown>): PolicySearch {
  const { state, kind } = search
  return {
    ...readListSearch(search),
    ...sortIn(search, sorts),
    ...((state === 'staged' || state === 'active' || state === 'archived') && { state }),
    ...((kind === 'grant' || kind === 'guardrail') && { kind }),
    ...textIn(search, 'domain'),
  }
}
