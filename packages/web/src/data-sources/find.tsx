/** Data that one does not reach and may find, or may subscribe to. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { hg } from '../api.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Page } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { TagChips } from '../ui/tag-chips.tsx'

const route = getRouteApi('/shell/find')

export function FindData() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const text = search.search === undefined ? {} : { search: search.search }
  const query = { limit: pageSize, ...pageOf(search), ...text }
  const found = useQuery({
    ...listQuery,
    queryKey: ['find', query],
    queryFn: () => hg.subscriptions.discover({ query }),
  })
  const onSearch = useCallback(
    (wanted: string | undefined) =>
      void navigate({ to: '/find', search: wanted === undefined ? {} : { search: wanted }, replace: true }),
    [navigate],
  )
  return (
    <Page title="Find data" lead="What you do not reach yet and may find, and what is there for you to subscribe to.">
      <search className={filters.filters}>
        <SearchField label="Search by name" value={search.search} onChange={onSearch} />
      </search>
      <Answer query={found} what="what may be found">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title={search.search === undefined ? 'Nothing to find' : 'Nothing that you may find matches'}>
              What you reach already is among the <Link to="/data-sources">data sources</Link>; what can be asked for is
              at the <Link to="/marketplace">marketplace</Link>.
            </Nothing>
          ) : (
            <>
              <DataTable
                caption="Data to find"
                rows={answer.items}
                rowKey={({ id }) => id}
                stale={found.isPlaceholderData}
                columns={[
                  {
                    name: 'Name',
                    cell: ({ id, name, description }) => (
                      <>
                        <Link to="/find/$id" params={{ id: String(id) }}>
                          {name}
                        </Link>
                        {description !== '' && <div className="quiet small">{description}</div>}
                      </>
                    ),
                  },
                  { name: 'Tags', width: '34%', cell: ({ tags }) => <TagChips tags={tags} /> },
                  {
                    name: 'Your way in',
                    width: '24%',
                    cell: ({ offers }) =>
                      offers.length === 0 ? <span className="quiet">its page says how</span> : 'you may subscribe',
                  },
                ]}
              />
              <Pager
                search={search}
                answer={answer}
                what="data sources"
                go={place => void navigate({ to: '/find', search: { ...text, ...place } })}
              />
            </>
          )
        }
      </Answer>
    </Page>
  )
}
