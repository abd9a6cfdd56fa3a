/** The data sources that one may see, with what narrows them kept in the address. */
import { api } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { hg } from '../api.ts'
import { useIntegrations } from '../home/counts.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { Choice } from '../ui/choice.tsx'
import { DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Page } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { ScopePath } from '../ui/scope-path.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { TagChips } from '../ui/tag-chips.tsx'
import { dataSourceStateWords, healthState, healthWords } from '../ui/words.ts'
import type { DataSourceSearch } from './search.ts'

const route = getRouteApi('/shell/data-sources')

export function DataSourceList() {
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/data-sources' })
  /** Another filter begins at the first page. */
  const narrow = useCallback(
    (change: { [Name in keyof DataSourceSearch]?: DataSourceSearch[Name] | undefined }) =>
      void navigate({
        to: '/data-sources',
        search: ({ at: _, page: __, ...kept }) => withoutGaps({ ...kept, ...change }),
        replace: true,
      }),
    [navigate],
  )
  const mayRegister = mayCall(useMe(), api.nativeS3.register)
  const mayTag = mayCall(useMe(), api.tags.create) || mayRegister
  const onSearch = useCallback((text: string | undefined) => narrow({ search: text }), [narrow])
  return (
    <Page
      title="Data sources"
      lead="Registered S3 scopes: a bucket, a prefix or one object each."
      beside={
        <>
          {mayRegister && <Link to="/data-sources/register">Register more</Link>}
          {mayTag && <Link to="/data-sources/tags">Tag several</Link>}
          <Link to="/tags">Tags</Link>
        </>
      }
    >
      <search className={filters.filters}>
        <SearchField label="Search by name or path" value={search.search} onChange={onSearch} />
        <TagChoice value={search.tag} onChange={tag => narrow({ tag })} />
        <IntegrationChoice value={search.integration} onChange={integration => narrow({ integration })} />
        <Choice
          label="Health"
          none="Any health"
          value={search.health}
          options={Object.entries(healthWords).map(([value, { word }]) => ({ value, label: word }))}
          onChange={health => narrow({ health: health as DataSourceSearch['health'] })}
        />
        <Choice
          label="Mine"
          none="Mine or not"
          value={search.mine}
          options={mineOptions}
          onChange={mine => narrow({ mine: mine as DataSourceSearch['mine'] })}
        />
      </search>
      <Rows search={search} onSort={sort => narrow({ sort: sort as DataSourceSearch['sort'] })} />
    </Page>
  )
}

const mineOptions = [
  { value: 'owner', label: 'I own them' },
  { value: 'access', label: 'I have access' },
  { value: 'none', label: 'I have no access' },
]

interface RowsProps {
  readonly search: DataSourceSearch
  readonly onSort: (sort: string) => void
}

function Rows({ search, onSort }: RowsProps) {
  const navigate = useNavigate({ from: '/data-sources' })
  const { search: text, tag, integration, health, mine } = search
  const query = {
    limit: pageSize,
    ...pageOf(search),
    ...(text !== undefined && { search: text }),
    ...(tag !== undefined && { tag }),
    ...(integration !== undefined && { integrationId: integration }),
    ...(health !== undefined && { health }),
    ...(mine !== undefined && { mine }),
  }
  const dataSources = useQuery({
    ...listQuery,
    queryKey: ['data sources', query],
    queryFn: () => hg.dataSources.list({ query }),
  })
  const isNarrowed = [text, tag, integration, health, mine].some(filter => filter !== undefined)
  return (
    <Answer query={dataSources} what="the data sources">
      {answer =>
        answer.items.length === 0 ? (
          <Nothing title={isNarrowed ? 'No data source matches' : 'No data source that you may see'}>
            {isNarrowed ? (
              <Link to="/data-sources">Show all</Link>
            ) : (
              'You see what you reach and what you own; data owners register more.'
            )}
          </Nothing>
        ) : (
          <>
            <DataTable
              caption="Data sources"
              rows={answer.items}
              rowKey={({ id }) => id}
              stale={dataSources.isPlaceholderData}
              sorting={{ by: search.sort ?? 'name', onSort }}
              columns={[
                {
                  name: 'Name',
                  width: '22%',
                  sort: 'name',
                  cell: ({ id, name }) => (
                    <Link to="/data-sources/$id" params={{ id: String(id) }}>
                      {name}
                    </Link>
                  ),
                },
                { name: 'Scope', width: '30%', sort: 'scope', cell: ({ scope }) => <ScopePath scope={scope} /> },
                { name: 'Tags', cell: ({ tags }) => <TagChips tags={tags} /> },
                {
                  name: 'State',
                  width: '13%',
                  cell: ({ state, health }) => (
                    <StateBadge {...(state === 'active' ? healthState(health) : dataSourceStateWords[state])} />
                  ),
                },
              ]}
            />
            <Pager
              search={search}
              answer={answer}
              what="data sources"
              go={place =>
                void navigate({
                  to: '/data-sources',
                  search: ({ at: _, page: __, ...kept }) => ({ ...kept, ...place }),
                })
              }
            />
          </>
        )
      }
    </Answer>
  )
}

interface ChoiceProps {
  readonly value: string | undefined
  readonly onChange: (value: string | undefined) => void
}

function TagChoice({ value, onChange }: ChoiceProps) {
  const tags = useQuery({ queryKey: ['tags'], queryFn: () => hg.tags.list({ query: { limit: 1000 } }) })
  const options = tags.data?.items.map(({ name }) => ({ value: name, label: name })) ?? []
  return <Choice label="Tag" none="Any tag" value={value} options={options} onChange={onChange} />
}

function IntegrationChoice({ value, onChange }: ChoiceProps) {
  const mayList = mayCall(useMe(), api.integrations.list)
  const integrations = useIntegrations(mayList)
  if (!mayList) return null
  const options = integrations.data?.map(({ id, config }) => ({ value: id, label: config.name })) ?? []
  return <Choice label="Integration" none="Any integration" value={value} options={options} onChange={onChange} />
}

function withoutGaps(
  search: { [Name in keyof DataSourceSearch]?: DataSourceSearch[Name] | undefined },
): DataSourceSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined))
}
