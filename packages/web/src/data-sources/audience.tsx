/** Who reaches a data source: each person with their level, every reason, and where it stands in AWS. */
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
import { PersonName } from '../ui/person-name.tsx'
import { RecentlyRevokedSection } from '../ui/recently-revoked.tsx'
import { SearchField } from '../ui/search-field.tsx'

const route = getRouteApi('/shell/data-sources/$id')

export function Audience({ dataSourceId: id }: { readonly dataSourceId: string }) {
  const search = route.useSearch()
  const navigate = useNavigate()
  const mayReadPolicies = readsPolicies(useMe())
  const query = { limit: pageSize, ...pageOf(search), ...(search.search !== undefined && { search: search.search }) }
  const access = useQuery({
    ...listQuery,
    queryKey: ['access to', id, query],
    queryFn: () => hg.dataSources.access({ params: { id }, query }),
  })
  const onSearch = useCallback(
    (text: string | undefined) =>
      void navigate({
        to: '/data-sources/$id',
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
        <SearchField label="Search people" value={search.search} onChange={onSearch} />
      </search>
      <Answer query={access} what="who has access">
        {answer => (
          <>
            {answer.items.length === 0 ? (
              search.search === undefined ? (
                <Nothing title="Nobody has access">No policy and no member lets anybody in that you may see.</Nothing>
              ) : (
                <Nothing title={`Nobody matching “${search.search}” has access`} />
              )
            ) : (
              <>
                <DataTable
                  caption="Who has access, and why"
                  rows={answer.items}
                  rowKey={({ user }) => user.id}
                  stale={access.isPlaceholderData}
                  columns={[
                    {
                      name: 'Person',
                      width: '26%',
                      cell: ({ user }) => (
                        <PersonName userid={user.userid} name={user.name}>
                          {shown => (
                            <Link to="/people/$id" params={{ id: String(user.id) }}>
                              {shown}
                            </Link>
                          )}
                        </PersonName>
                      ),
                    },
                    ...accessColumns(mayReadPolicies),
                  ]}
                />
                <Pager
                  search={search}
                  answer={answer}
                  what="people with access"
                  go={place =>
                    void navigate({
                      to: '/data-sources/$id',
                      params: { id },
                      search: { ...(search.search !== undefined && { search: search.search }), ...place },
                    })
                  }
                />
              </>
            )}
            <RecentlyRevokedSection revoked={answer.recentlyRevoked} by="person" />
          </>
        )}
      </Answer>
    </>
  )
}
