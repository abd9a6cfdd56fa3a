/** What a report keeps in its address: what it is asked about, and where it is in its pages. */
import { type ListSearch, readListSearch } from '../ui/list-search.ts'

export interface ReportSearch extends Pick<ListSearch, 'at' | 'page'> {
  readonly dataSource?: number
  readonly user?: number
  readonly integration?: number
  /** Days, `2026-11-01`. */
  readonly from?: string
  readonly to?: string
  readonly days?: number
}

export function readReportSearch(search: Record<string, unknown>): ReportSearch {
  const { search: _, ...place } = readListSearch(search)
  const numbers = ['dataSource', 'user', 'integration', 'days'].flatMap(name => {
    const value = Number(search[name])
    return Number.isSafeInteger(value) && value > 0 ? [[name, value] as const] : []
  })
  const days = ['from', 'to'].flatMap(name => {
    const value = search[name]
    return typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) ? [[name, value] as const] : []
  })
  return { ...place, ...Object.fromEntries([...numbers, ...days]) }
}
