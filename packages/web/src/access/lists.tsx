/** What a person reaches now, or who reaches a data source or a path now, each with its reasons. */
import type { AccessRow } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { readsPolicies, useMe } from '../me.ts'
import { accessColumns } from '../ui/access-columns.tsx'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { listQuery } from '../ui/list-query.ts'
import { type ListSearch, pageOf } from '../ui/list-search.ts'
import { Section } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { dataSourceColumn, personColumn } from './columns.tsx'
import type { AccessSearch } from './search.ts'

interface Props {
  readonly search: AccessSearch
  readonly go: (place: Pick<ListSearch, 'at' | 'page'>) => void
}

/** Of one person or principal. */
export function WhatIsReached({ search, go }: Props) {
  const { person, principal } = search
  const query = { limit: pageSize, ...pageOf(search), ...(person === undefined ? { principal } : { user: person }) }
  const rows = useQuery({ ...listQuery, queryKey: ['access what', query], queryFn: () => hg.access.what({ query }) })
  return (
    <Listed
      title="What is reached now, and why"
      what="data sources reached"
      none="Nothing: no policy and no member lets them in."
      first={dataSourceColumn<AccessRow>()}
      query={rows}
      search={search}
      go={go}
    />
  )
}

/** Of one data source or path. */
export function WhoReaches({ search, go }: Props) {
  const { dataSource, path } = search
  const query = { limit: pageSize, ...pageOf(search), ...(dataSource === undefined ? { path } : { dataSource }) }
  const rows = useQuery({ ...listQuery, queryKey: ['access who', query], queryFn: () => hg.access.who({ query }) })
  return (
    <Listed
      title="Who reaches it now, and why"
      what="people with access"
      none="Nobody: no policy and no member lets anybody in."
      first={personColumn<AccessRow>()}
      second={dataSource === undefined ? dataSourceColumn<AccessRow>() : undefined}
      query={rows}
      search={search}
      go={go}
    />
  )
}

type Rows = ReturnType<typeof useQuery<Awaited<ReturnType<typeof hg.access.who>>>>

interface ListedProps extends Props {
  readonly title: string
  readonly what: string
  readonly none: string
  readonly first: ReturnType<typeof personColumn<AccessRow>>
  readonly second?: ReturnType<typeof personColumn<AccessRow>> | undefined
  readonly query: Rows
}

function Listed({ title, what, none, first, second, query, search, go }: ListedProps) {
  const columns = accessColumns(readsPolicies(useMe()))
  return (
    <Section title={title}>
      <Answer query={query} what="the answer">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title={none} />
          ) : (
            <>
              <DataTable
                caption={title}
                rows={answer.items}
                rowKey={({ user, dataSource }) => `${user.id} ${dataSource.id}`}
                stale={query.isPlaceholderData}
                columns={second === undefined ? [first, ...columns] : [first, second, ...columns.slice(0, 2)]}
              />
              <Pager search={search} answer={answer} what={what} go={go} />
            </>
          )
        }
      </Answer>
    </Section>
  )
}
