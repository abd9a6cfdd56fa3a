/** What the list of runs keeps in its address. */
import { type ListSearch, readListSearch, textIn } from '../ui/list-search.ts'

export interface RunSearch extends Omit<ListSearch, 'search'> {
  readonly integration?: string
  /** Only those with revocations that wait for a release. */
  readonly held?: true
}

export function readRunSearch(search: Record<string, unknown>): RunSearch {
  const { at, page } = readListSearch(search)
  return {
    ...(at && page && { at, page }),
    ...textIn(search, 'integration'),
    ...(search.held === true && { held: true }),
  }
}
