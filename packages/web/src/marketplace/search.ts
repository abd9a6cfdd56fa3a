/** What the marketplace keeps in its address. */
import { type ListSearch, readListSearch, textIn } from '../ui/list-search.ts'

export interface MarketSearch extends ListSearch {
  readonly domain?: string
  readonly level?: 'READ' | 'WRITE'
  /** What one has already. */
  readonly have?: true
}

export function readMarketSearch(search: Record<string, unknown>): MarketSearch {
  return {
    ...readListSearch(search),
    ...textIn(search, 'domain'),
    ...((search.level === 'READ' || search.level === 'WRITE') && { level: search.level }),
    ...(search.have === true && { have: true as const }),
  }
}
