/** What a list keeps in its address: what is searched for and where it is in its pages, so that links and reloads work. */

export interface ListSearch {
  readonly search?: string
  /** Counted from 1, which is left out. */
  readonly page?: number
  /** The cursors of the pages from the second on, the last one being this page's. */
  readonly at?: readonly string[]
}

/** Pages that one can go back to; those before are reached from the first page again. Keeps addresses short. */
const keptCursors = 12

export function readListSearch(search: Record<string, unknown>): ListSearch {
  const at = Array.isArray(search.at) ? search.at.filter(one => typeof one === 'string') : []
  const page = typeof search.page === 'number' && Number.isInteger(search.page) ? search.page : 1
  return { ...textIn(search, 'search'), ...(at.length > 0 && page > 1 && { at, page }) }
}

export function textIn<Name extends string>(
  search: Record<string, unknown>,
  name: Name,
): { readonly [N in Name]?: string } {
  const value = search[name]
  // The router reads `?search=42` as a number: what somebody types is text all the same.
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
  return (typeof text === 'string' && text !== '' ? { [name]: text } : {}) as { readonly [N in Name]?: string }
}

/** The order of a list that the server puts in order; absent: its usual one. */
export interface Sorted<Sort extends string> {
  readonly sort?: Sort
}

export function sortIn<Sort extends string>(search: Record<string, unknown>, sorts: readonly Sort[]): Sorted<Sort> {
  const sort = sorts.find(one => one === search.sort)
  return sort === undefined ? {} : { sort }
}

/** What the API is asked for. */
export function pageOf<Sort extends string = never>({
  at,
  sort,
}: ListSearch & Sorted<Sort>): Sorted<Sort> & { readonly cursor?: string } {
  const cursor = at?.at(-1)
  return { ...(cursor !== undefined && { cursor }), ...(sort !== undefined && { sort }) }
}

export function nextPage({ at = [], page = 1 }: ListSearch, cursor: string): Pick<ListSearch, 'at' | 'page'> {
  return { at: [...at, cursor].slice(-keptCursors), page: page + 1 }
}

/** Undefined where the way back has been forgotten. */
export function previousPage({ at = [], page = 1 }: ListSearch): Pick<ListSearch, 'at' | 'page'> | undefined {
  if (page <= 1) return undefined
  if (page === 2) return {}
  return at.length > 1 ? { at: at.slice(0, -1), page: page - 1 } : undefined
}
