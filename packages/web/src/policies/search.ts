/** What the list of policies keeps in its address. */
import type { Policy } from '@headgate/core/api'
import { type ListSearch, readListSearch, textIn } from '../ui/list-search.ts'

export interface PolicySearch extends ListSearch {
  /** Left out: staged and active ones. */
  readonly state?: Policy['state']
  readonly kind?: Policy['kind']
  readonly domain?: string
}

export function readPolicySearch(search: Record<string, unknown>): PolicySearch {
  const { state, kind } = search
  return {
    ...readListSearch(search),
    ...((state === 'staged' || state === 'active' || state === 'archived') && { state }),
    ...((kind === 'grant' || kind === 'guardrail') && { kind }),
    ...textIn(search, 'domain'),
  }
}
