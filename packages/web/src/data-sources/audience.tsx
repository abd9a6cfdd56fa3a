/** Who reaches a data source: each person with their level, every reason, and where it stands in AWS. */
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { hg } from '../api.ts'
import { readsPolicies, useMe } from '../me.ts'
import { accessColumns } from '../ui/access-columns.tsx'
import { Nothing } from '../ui/answer.tsx'
import type { ListSearch } from '../ui/list-search.ts'
import { ListWithin, type WithinQuery } from '../ui/list-within.tsx'
import { PersonName } from '../ui/person-name.tsx'
import { RecentlyRevokedSection } from '../ui/recently-revoked.tsx'

const route = getRouteApi('/shell/data-sources/$id')

export function Audience({ dataSourceId: id }: { readonly dataSourceId: string }) {
  const navigate = useNavigate()
  const mayReadPolicies = readsPolicies(useMe())
  const go = useCallback(
    (search: ListSearch, replace: boolean) =>
      void navigate({ to: '/data-sources/$id', params: { id }, search, replace, resetScroll: !replace }),
    [navigate, id],
  )
  return (
    <ListWithin
      search={route.useSearch()}
      go={go}
      queryKey={['access to', id]}
      ask={(query: WithinQuery) => hg.dataSources.access({ params: { id }, query })}
      words={{
        what: 'who has access',
        searchLabel: 'Search people',
        pages: 'people with access',
        caption: 'Who has access, and why',
      }}
      rowKey={({ user }) => user.id}
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
      nothing={searched =>
        searched === undefined ? (
          <Nothing title="Nobody has access">No policy and no member lets anybody in that you may see.</Nothing>
        ) : (
          <Nothing title={`Nobody matching “${searched}” has access`} />
        )
      }
      below={({ recentlyRevoked }) => <RecentlyRevokedSection revoked={recentlyRevoked} by="person" />}
    />
  )
}
