/** The groups, each leading to its own page; a user admin makes more. */
import { api } from '@headgate/core/api'
import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Page, Section } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'
import { WriteForm } from '../ui/write-form.tsx'
import { everyone } from './everyone.ts'
import { readGroupSearch } from './group-search.ts'
import { Attributes } from './person-facts.tsx'

const route = getRouteApi('/shell/groups')

export function GroupList() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const { at: _, page: __, ...kept } = search
  const text = search.search === undefined ? {} : { search: search.search }
  const query = { limit: pageSize, ...pageOf(search), ...text }
  const groups = useQuery({ ...listQuery, queryKey: ['groups', query], queryFn: () => hg.groups.list({ query }) })
  const onSearch = useCallback(
    (typed: string | undefined) =>
      void navigate({
        to: '/groups',
        search: ({ sort }) => readGroupSearch({ sort, search: typed }),
        replace: true,
      }),
    [navigate],
  )
  return (
    <Page title="Groups" above={<Link to="/people">People</Link>}>
      <search className={filters.filters}>
        <SearchField label="Search by name" value={search.search} onChange={onSearch} />
      </search>
      <Answer query={groups} what="the groups">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title="No group matches" />
          ) : (
            <>
              <DataTable
                caption="Groups"
                rows={answer.items}
                rowKey={({ id }) => id}
                stale={groups.isPlaceholderData}
                sorting={{
                  by: search.sort ?? 'name',
                  onSort: sort =>
                    void navigate({ to: '/groups', search: readGroupSearch({ ...text, sort }), replace: true }),
                }}
                columns={[
                  {
                    name: 'Group',
                    width: '32%',
                    sort: 'name',
                    cell: ({ id, name, description }) => (
                      <>
                        <Link to="/groups/$id" params={{ id: String(id) }}>
                          {name}
                        </Link>
                        {description !== '' && <div className="quiet small">{description}</div>}
                      </>
                    ),
                  },
                  {
                    name: 'Members',
                    width: '14%',
                    sort: '-members',
                    cell: ({ members }) => counted(members, 'person', 'people'),
                  },
                  { name: 'Attributes', cell: ({ attributes }) => <Attributes attributes={attributes} /> },
                  {
                    name: 'Made by',
                    width: '18%',
                    cell: ({ name, provider }) => provider ?? (name === everyone ? 'Headgate' : 'hand'),
                  },
                ]}
              />
              <Pager
                search={search}
                answer={answer}
                what="groups"
                go={place => void navigate({ to: '/groups', search: { ...kept, ...place } })}
              />
            </>
          )
        }
      </Answer>
      {mayCall(useMe(), api.groups.create) && <NewGroup />}
    </Page>
  )
}

function NewGroup() {
  const [name, setName] = useState('')
  const navigate = useNavigate()
  const create = useWrite(
    () => hg.groups.create({ body: { name } }),
    ({ id }) => navigate({ to: '/groups/$id', params: { id: String(id) } }),
  )
  return (
    <Section title="Add one">
      <WriteForm write={create} verb="Add it" disabled={name.trim() === ''}>
        <TextInput label="Name of a new group" value={name} onChange={event => setName(event.currentTarget.value)} />
      </WriteForm>
    </Section>
  )
}
