/** What the explorer keeps in its address: whom it asks about, what, and as of when. */
import { type ListSearch, readListSearch, textIn } from '../ui/list-search.ts'

export interface AccessSearch extends Pick<ListSearch, 'at' | 'page'> {
  readonly person?: number
  /** An AWS principal in place of the person. */
  readonly principal?: string
  readonly dataSource?: number
  /** `s3://…` in place of the data source. */
  readonly path?: string
  /** The moment asked about, as an instant; absent: now. */
  readonly when?: string
}

export function readAccessSearch(search: Record<string, unknown>): AccessSearch {
  const { search: _, ...place } = readListSearch(search)
  const person = idIn(search, 'person')
  const dataSource = idIn(search, 'dataSource')
  const when = typeof search.when === 'string' && !Number.isNaN(Date.parse(search.when)) ? search.when : undefined
  return {
    ...place,
    // Of two that exclude each other the first is asked about.
    ...(person.person !== undefined ? person : textIn(search, 'principal')),
    ...(dataSource.dataSource !== undefined ? dataSource : textIn(search, 'path')),
    ...(when !== undefined && { when }),
  }
}

function idIn<Name extends string>(search: Record<string, unknown>, name: Name): { readonly [N in Name]?: number } {
  const value = Number(search[name])
  return (Number.isSafeInteger(value) && value > 0 ? { [name]: value } : {}) as { readonly [N in Name]?: number }
}
