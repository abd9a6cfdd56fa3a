/** Everything a person reaches: each data source with the level, every reason, and where it stands in AWS. */
import type { User } from '@headgate/core/api'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { hg } from '../api.ts'
import { readsPolicies, useMe } from '../me.ts'
import { accessColumns } from '../ui/access-columns.tsx'
import { Nothing } from '../ui/answer.tsx'
import type { ListSearch } from '../ui/list-search.ts'
import { ListWithin, type WithinQuery } from '../ui/list-within.tsx'
import { RecentlyRevokedSection } from '../ui/recently-revoked.tsx'
import { ScopePath } from '../ui/scope-path.tsx'

const route = getRouteApi('/shell/people/$id')

export function Reached({ person, isMe }: { readonly person: User; readonly isMe: boolean }) {
  const id = String(person.id)
  const navigate = useNavigate()
  const mayReadPolicies = readsPolicies(useMe())
  const go = useCallback(
    (search: ListSearch, replace: boolean) =>
      void navigate({ to: '/people/$id', params: { id }, search, replace, resetScroll: !replace }),
    [navigate, id],
  )
  return (
    <ListWithin
      search={route.useSearch()}
      go={go}
      queryKey={['access of', id]}
      ask={(query: WithinQuery) => hg.users.access({ params: { id }, query })}
      words={{
        what: 'what they reach',
        searchLabel: 'Search data sources',
        pages: 'data sources reached',
        caption: 'What is reached, and why',
      }}
      rowKey={({ dataSource }) => dataSource.id}
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
      nothing={searched =>
        searched === undefined ? (
          <Nothing title={isMe ? 'You reach no data yet' : `${person.name} reaches no data`}>
            No policy and no member lets {isMe ? 'you' : 'them'} in.
          </Nothing>
        ) : (
          <Nothing title={`Nothing matching “${searched}” is reached`} />
        )
      }
      below={({ recentlyRevoked }) => <RecentlyRevokedSection revoked={recentlyRevoked} by="dataSource" />}
    />
  )
}
