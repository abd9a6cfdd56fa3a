/** What the lists of forms, agreements and review flows keep in their address. */
import { type ListSearch, readListSearch } from '../ui/list-search.ts'

export interface TemplateSearch extends ListSearch {
  /** The one that is looked at; absent: all of them. */
  readonly id?: number
  /** Whether the form for a new one is open. */
  readonly create?: true
}

export function readTemplateSearch(search: Record<string, unknown>): TemplateSearch {
  const { id } = search
  return {
    ...readListSearch(search),
    ...(typeof id === 'number' && Number.isSafeInteger(id) && id > 0 && { id }),
    ...(search.create === true && { create: true }),
  }
}
