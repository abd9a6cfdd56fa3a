/** What the list of data sources keeps in its address. */
import { type ListSearch, readListSearch, textIn } from '../ui/list-search.ts'

export interface DataSourceSearch extends ListSearch {
  /** The tag itself or any of its children. */
  readonly tag?: string
  readonly integration?: string
}

export function readDataSourceSearch(search: Record<string, unknown>): DataSourceSearch {
  return { ...readListSearch(search), ...textIn(search, 'tag'), ...textIn(search, 'integration') }
}
