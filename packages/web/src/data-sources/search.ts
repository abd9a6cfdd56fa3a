/** What the list of data sources keeps in its address. */
import { api, type Health } from '@headgate/core/api'
import { type ListSearch, readListSearch, type Sorted, sortIn, textIn } from '../ui/list-search.ts'

export interface DataSourceSearch extends ListSearch, Sorted<(typeof sorts)[number]> {
  /** The tag itself or any of its children. */
  readonly tag?: string
  readonly integration?: string
  readonly health?: Health['status']
  /** What one is to them oneself. */
  readonly mine?: (typeof mineChoices)[number]
}

const sorts = api.dataSources.list.query.shape.sort.unwrap().options
const healthChoices = api.dataSources.list.query.shape.health.unwrap().options
const mineChoices = api.dataSources.list.query.shape.mine.unwrap().options

export function readDataSourceSearch(search: Record<string, unknown>): DataSourceSearch {
  const health = healthChoices.find(choice => choice === search.health)
  const mine = mineChoices.find(choice => choice === search.mine)
  return {
    ...readListSearch(search),
    ...sortIn(search, sorts),
    ...textIn(search, 'tag'),
    ...textIn(search, 'integration'),
    ...(health !== undefined && { health }),
    ...(mine !== undefined && { mine }),
  }
}
