/** Everything a person reaches: each data source with the level, every reason, and where it stands in AWS. */
import type { User } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { hg } from '../api.ts'
import { readsPolicies, useMe } from '../me.ts'
import { accessColumns } from '../ui/access-columns.tsx'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Pager, pageSize } from '../ui/pager.tsx'
import { RecentlyRevokedSection } from '../ui/recently-revoked.tsx'
import { ScopePath } from '../ui/scope-path.tsx'
import { SearchField } from '../ui/search-field.tsx'

const route = getRouteApi('/shell/people/$id')

export function Reached({ person, isMe }: { readonly person: User; readonly isMe: boolean }) {
  const id = String(person.id)
  const search = route.useSearch()
  const navigate = useNavigate()
  const mayReadPolicies = readsPolicies(useMe())
  const query = { limit: pageSize, ...pageOf(search), ...(search.search !== undefined && { search: search.search }) }
  const access = useQuery({
    ...listQuery,
    queryKey: ['access of', id, query],
    queryFn: () => hg.users.access({ params: { id }, query }),
  })
  const onSearch = useCallback(
    (text: string | undefined) =>
      void navigate({
        to: '/people/$id',
        params: { id },
        search: text === undefined ? {} : { search: text },
        replace: true,
        resetScroll: false,
      }),
    [navigate, id],
  )
  return (
    <>
      <search className={filters.filters}>
        <SearchField label="Search data sources" value={search.search} onChange={onSearch} />
      </search>
      <Answer query={access} what="what they reach">
        {answer => (
          <>
            {answer.items.length === 0 ? (
              search.search === undefined ? (
                <Nothing title={isMe ? 'You reach no data yet' : `${person.name} reaches no data`}>
                  No policy and no member lets {isMe ? 'you' : 'them'} in.
                </Nothing>
              ) : (
                <Nothing title={`Nothing matching “${search.search}” is reached`} />
              )
            ) : (
              <>
                <DataTable
                  caption="What is reached, and why"
                  rows={answer.items}
                  rowKey={({ dataSource }) => dataSource.id}
                  stale={access.isPlaceholderData}
                  columns={[
                    {
                      name: 'Data source',
                      width: '26%',
                      cell: ({ dataSource }) => (
                        <>
                          <Link to="/data-sources/$id" params={{ id: String(dataSource.id) }}>
                            {dataSource.name}
                          </Link>
                          <div className="quiet">
                            <ScopePath scope={dataSource.scope} canCopy={false} />
                          </div>
                        </>
                      ),
                    },
                    ...accessColumns(mayReadPolicies),
                  ]}
                />
                <Pager
                  search={search}
                  answer={answer}
                  what="data sources reached"
                  go={place =>
                    void navigate({
                      to: '/people/$id',
                      params: { id },
                      search: { ...(search.search !== undefined && { search: search.search }), ...place },
                    })
                  }
                />
              </>
            )}
            <RecentlyRevokedSection revoked={answer.recentlyRevoked} by="dataSource" />
          </>
        )}
      </Answer>
    </>
  )
}
