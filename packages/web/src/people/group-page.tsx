/** One group: what everyone in it inherits, and who is in it, each with who says so. */
import { api, type Group } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer, Nothing, PageAnswer } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Facts, Page, Section } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { PersonName } from '../ui/person-name.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { counted, sourceWords } from '../ui/words.ts'
import { GroupAdmin } from './group-admin.tsx'
import { Attributes } from './person-facts.tsx'

/** Built in: nobody changes who is in it. */
const everyone = 'All Users'

const route = getRouteApi('/shell/groups/$id')

export function GroupPage() {
  const { id } = route.useParams()
  const group = useQuery({ queryKey: ['group', id], queryFn: () => hg.groups.get({ params: { id } }) })
  return (
    <PageAnswer query={group} what={`group ${id}`}>
      {group => <Shown key={group.id} group={group} />}
    </PageAnswer>
  )
}

function Shown({ group }: { readonly group: Group }) {
  const mayChange = mayCall(useMe(), api.groups.addMember) && group.name !== everyone
  const { id, name, description, provider, members, attributes, createdAt } = group
  return (
    <Page title={name} above={<Link to="/groups">Groups</Link>} lead={description === '' ? undefined : description}>
      <Facts
        facts={[
          ['Attributes', <Attributes key="attributes" attributes={attributes} />],
          provider !== undefined && ['Made by', provider],
          ['Created', <RelativeTime key="created" at={createdAt} />],
        ]}
      />
      <Section title="Who is in it" beside={<span className="quiet">{counted(members, 'person', 'people')}</span>}>
        <Members id={String(id)} />
      </Section>
      {mayChange && <GroupAdmin group={group} />}
    </Page>
  )
}

function Members({ id }: { readonly id: string }) {
  const search = route.useSearch()
  const navigate = useNavigate()
  const query = { limit: pageSize, ...pageOf(search), ...(search.search !== undefined && { search: search.search }) }
  const members = useQuery({
    ...listQuery,
    queryKey: ['members of', id, query],
    queryFn: () => hg.groups.members({ params: { id }, query }),
  })
  const onSearch = useCallback(
    (text: string | undefined) =>
      void navigate({
        to: '/groups/$id',
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
      <Answer query={members} what="who is in it">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title={search.search === undefined ? 'Nobody is in it' : 'Nobody in it matches'} />
          ) : (
            <>
              <DataTable
                caption="Who is in the group"
                rows={answer.items}
                rowKey={person => person.id}
                stale={members.isPlaceholderData}
                columns={[
                  {
                    name: 'Person',
                    cell: ({ id: person, name, userid }) => (
                      <PersonName name={name} userid={userid}>
                        {shown => (
                          <Link to="/people/$id" params={{ id: String(person) }}>
                            {shown}
                          </Link>
                        )}
                      </PersonName>
                    ),
                  },
                  { name: 'Says who', width: '50%', cell: ({ source }) => sourceWords(source) },
                ]}
              />
              <Pager
                search={search}
                answer={answer}
                what="people in the group"
                go={place =>
                  void navigate({
                    to: '/groups/$id',
                    params: { id },
                    search: { ...(search.search !== undefined && { search: search.search }), ...place },
                  })
                }
              />
            </>
          )
        }
      </Answer>
    </>
  )
}
