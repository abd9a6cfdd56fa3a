/** Everybody that Headgate knows. */
import type { User } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { hg } from '../api.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
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

const route = getRouteApi('/shell/people')

export function PeopleList() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const query = { limit: pageSize, ...pageOf(search), ...(search.search !== undefined && { search: search.search }) }
  const people = useQuery({ ...listQuery, queryKey: ['people', query], queryFn: () => hg.users.list({ query }) })
  const onSearch = useCallback(
    (text: string | undefined) =>
      void navigate({ to: '/people', search: text === undefined ? {} : { search: text }, replace: true }),
    [navigate],
  )
  return (
    <Page title="People">
      <search className={filters.filters}>
        <SearchField label="Search by name" value={search.search} onChange={onSearch} />
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
                columns={[
                  {
                    name: 'Person',
                    width: '28%',
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
                    search: { ...(search.search !== undefined && { search: search.search }), ...place },
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
