/** Everybody that Headgate knows. */
import { api, type User } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { Choice } from '../ui/choice.tsx'
import { DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Chips, Page } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { PersonName } from '../ui/person-name.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted, principalKindWords } from '../ui/words.ts'
import { GroupName } from './group-name.tsx'
import { kindOptions } from './kinds.ts'
import { filtersOf, type PeopleSearch, readPeopleSearch } from './search.ts'

const route = getRouteApi('/shell/people')

export function PeopleList() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const me = useMe()
  const query = { limit: pageSize, ...pageOf(search), ...filtersOf(search) }
  const people = useQuery({ ...listQuery, queryKey: ['people', query], queryFn: () => hg.users.list({ query }) })
  /** Another filter begins at the first page. */
  const narrow = useCallback(
    (change: { [Name in keyof PeopleSearch]?: PeopleSearch[Name] | undefined }) =>
      void navigate({
        to: '/people',
        search: ({ at: _, page: __, ...kept }) => readPeopleSearch({ ...kept, ...change }),
        replace: true,
      }),
    [navigate],
  )
  const onSearch = useCallback((text: string | undefined) => narrow({ search: text }), [narrow])
  return (
    <Page
      title="People"
      beside={
        <>
          {mayCall(me, api.users.create) && <Link to="/people/new">Add a person</Link>}
          <Link to="/groups">Groups</Link>
          {mayCall(me, api.principalAdvice.list) && <Link to="/people/advice">Principal advice</Link>}
          {mayCall(me, api.bulk.export) && <Link to="/people/files">Files</Link>}
        </>
      }
    >
      <search className={filters.filters}>
        <SearchField label="Search by name" value={search.search} onChange={onSearch} />
        <Choice
          label="State"
          none="Any state"
          value={search.state}
          options={stateOptions}
          onChange={state => narrow({ state: state as PeopleSearch['state'] })}
        />
        <Choice
          label="Kind"
          none="Any kind"
          value={search.kind}
          options={kindOptions}
          onChange={kind => narrow({ kind: kind as PeopleSearch['kind'] })}
        />
        <ProviderChoice value={search.provider} onChange={provider => narrow({ provider })} />
      </search>
      <Answer query={people} what="the people">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title="Nobody matches">
              <Link to="/people">Show all</Link>
            </Nothing>
          ) : (
            <>
              <DataTable
                caption="People"
                rows={answer.items}
                rowKey={({ id }) => id}
                stale={people.isPlaceholderData}
                sorting={{
                  by: search.sort ?? 'userid',
                  onSort: sort => narrow({ sort: sort as PeopleSearch['sort'] }),
                }}
                columns={[
                  {
                    name: 'Person',
                    width: '28%',
                    sort: 'name',
                    cell: ({ id, name, userid }) => (
                      <PersonName name={name} userid={userid}>
                        {shown => (
                          <Link to="/people/$id" params={{ id: String(id) }}>
                            {shown}
                          </Link>
                        )}
                      </PersonName>
                    ),
                  },
                  { name: 'Groups', cell: ({ groups }) => <Groups groups={groups} /> },
                  { name: 'In AWS', width: '24%', cell: ({ principals }) => <Principals principals={principals} /> },
                  { name: 'State', width: '16%', cell: person => <PersonState person={person} /> },
                ]}
              />
              <Pager
                search={search}
                answer={answer}
                what="people"
                go={place =>
                  void navigate({
                    to: '/people',
                    search: ({ at: _, page: __, ...kept }) => ({ ...readPeopleSearch(kept), ...place }),
                  })
                }
              />
            </>
          )
        }
      </Answer>
    </Page>
  )
}

const stateOptions = [
  { value: 'enabled', label: 'Active' },
  { value: 'disabled', label: 'Disabled' },
  { value: 'unmapped', label: 'Without an AWS identity' },
]

function ProviderChoice(props: {
  readonly value: string | undefined
  readonly onChange: (to: string | undefined) => void
}) {
  const mayList = mayCall(useMe(), api.identityProviders.list)
  const providers = useQuery({
    queryKey: ['identity providers'],
    queryFn: () => hg.identityProviders.list({ query: { limit: 1000 } }),
    enabled: mayList,
  })
  const known = providers.data?.items.map(({ name }) => ({ value: name, label: `From ${name}` })) ?? []
  const options = [{ value: 'local', label: 'Made here' }, ...known]
  return <Choice label="Managed by" none="From anywhere" options={options} {...props} />
}

function Groups({ groups }: { readonly groups: User['groups'] }) {
  if (groups.length === 0) return <span className="quiet">none</span>
  return (
    <Chips>
      {groups.map(({ id, name }) => (
        <li key={id}>
          <GroupName id={id} name={name} />
        </li>
      ))}
    </Chips>
  )
}

function Principals({ principals }: { readonly principals: User['principals'] }) {
  if (principals.length === 0) return <StateBadge tone="unmapped" word="Unmapped" />
  return [...new Set(principals.map(({ kind }) => principalKindWords[kind]))].join(', ')
}

function PersonState({ person: { disabled, warnings } }: { readonly person: User }) {
  return (
    <>
      <StateBadge {...(disabled ? { tone: 'unmapped', word: 'Disabled' } : { tone: 'active', word: 'Active' })} />
      {warnings.length > 0 && <div className="small">{counted(warnings.length, 'warning')}</div>}
    </>
  )
}
