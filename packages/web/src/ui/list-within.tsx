/** A list on the page of something else: searched and gone through page by page, with the place in the page's address. */
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useCallback } from 'react'
import { Answer } from './answer.tsx'
import { type Column, DataTable } from './data-table.tsx'
import filters from './filters.module.css'
import { listQuery } from './list-query.ts'
import { type ListSearch, pageOf } from './list-search.ts'
import { Pager, pageSize } from './pager.tsx'
import { SearchField } from './search-field.tsx'

interface Listed {
  readonly items: readonly unknown[]
  readonly next?: string | undefined
  readonly total: number
}

export interface WithinQuery {
  readonly limit: number
  readonly cursor?: string
  readonly search?: string
}

type ItemOf<Answered extends Listed> = Answered['items'][number]

interface Props<Answered extends Listed> {
  readonly search: ListSearch
  /** Keeps them in the address; @param replace whether one goes back to what was before the search */
  readonly go: (search: ListSearch, replace: boolean) => void
  /** What names this list among all that are asked for. */
  readonly queryKey: readonly unknown[]
  readonly ask: (query: WithinQuery) => Promise<Answered>
  /** What is waited for, searched, counted and shown: as each goes into its sentence. */
  readonly words: {
    readonly what: string
    readonly searchLabel: string
    readonly pages: string
    readonly caption: string
  }
  readonly columns: readonly Column<ItemOf<Answered>>[]
  readonly rowKey: (item: ItemOf<Answered>) => string | number
  /** Where nothing is there, or nothing is found. */
  readonly nothing: (searched: string | undefined) => ReactNode
  /** What else the answer tells, below. */
  readonly below?: (answer: Answered) => ReactNode
}

export function ListWithin<Answered extends Listed>(props: Props<Answered>) {
  const { search, go, queryKey, ask, words, columns, rowKey, nothing, below } = props
  const text = search.search === undefined ? {} : { search: search.search }
  const query = { limit: pageSize, ...pageOf(search), ...text }
  const found = useQuery({ ...listQuery, queryKey: [...queryKey, query], queryFn: () => ask(query) })
  const onSearch = useCallback(
    (wanted: string | undefined) => go(wanted === undefined ? {} : { search: wanted }, true),
    [go],
  )
  return (
    <>
      <search className={filters.filters}>
        <SearchField label={words.searchLabel} value={search.search} onChange={onSearch} />
      </search>
      <Answer query={found} what={words.what}>
        {answer => (
          <>
            {answer.items.length === 0 ? (
              nothing(search.search)
            ) : (
              <>
                <DataTable
                  caption={words.caption}
                  rows={answer.items}
                  rowKey={rowKey}
                  stale={found.isPlaceholderData}
                  columns={columns}
                />
                <Pager
                  search={search}
                  answer={answer}
                  what={words.pages}
                  go={place => go({ ...text, ...place }, false)}
                />
              </>
            )}
            {below?.(answer)}
          </>
        )}
      </Answer>
    </>
  )
}
