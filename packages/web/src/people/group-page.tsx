/** One group: what everyone in it inherits, and who is in it, each with who says so. */
import { api, type Group } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Nothing, PageAnswer } from '../ui/answer.tsx'
import type { ListSearch } from '../ui/list-search.ts'
import { ListWithin, type WithinQuery } from '../ui/list-within.tsx'
import { Facts, Page, Section } from '../ui/page.tsx'
import { PersonName } from '../ui/person-name.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { counted, sourceWords } from '../ui/words.ts'
import { everyone } from './everyone.ts'
import { GroupAdmin } from './group-admin.tsx'
import { Attributes } from './person-facts.tsx'

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
  const navigate = useNavigate()
  const go = useCallback(
    (search: ListSearch, replace: boolean) =>
      void navigate({ to: '/groups/$id', params: { id }, search, replace, resetScroll: !replace }),
    [navigate, id],
  )
  return (
    <ListWithin
      search={route.useSearch()}
      go={go}
      queryKey={['members of', id]}
      ask={(query: WithinQuery) => hg.groups.members({ params: { id }, query })}
      words={{
        what: 'who is in it',
        searchLabel: 'Search people',
        pages: 'people in the group',
        caption: 'Who is in the group',
      }}
      rowKey={person => person.id}
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
      nothing={searched => <Nothing title={searched === undefined ? 'Nobody is in it' : 'Nobody in it matches'} />}
    />
  )
}
