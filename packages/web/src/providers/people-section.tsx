/** Whom an identity provider knows: linked and unlinked by user admins. Who was linked keeps what they had before. */
import { api, type IdentityProvider } from '@headgate/core/api'
import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { FindChoice } from '../people/find-choice.tsx'
import { findPeople } from '../people/find-subjects.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { type Column, DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import { type ListSearch, pageOf } from '../ui/list-search.ts'
import { Section } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { PersonName } from '../ui/person-name.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { useWrite } from '../ui/use-write.ts'

type Known = Awaited<ReturnType<typeof hg.identityProviders.people>>['items'][number]

export function PeopleSection({ provider: { id, name } }: { readonly provider: IdentityProvider }) {
  const mayLink = mayCall(useMe(), api.identityProviders.link)
  const [place, go] = useState<ListSearch>({})
  const { search } = place
  const kept = search === undefined ? {} : { search }
  const query = { limit: pageSize, ...pageOf(place), ...kept }
  const people = useQuery({
    queryKey: ['people of provider', id, query],
    queryFn: () => hg.identityProviders.people({ params: { id }, query }),
  })
  return (
    <Section title="Who comes through it">
      <search className={filters.filters}>
        <SearchField
          label="Search whom it knows"
          value={search}
          onChange={text => go(text === undefined ? {} : { search: text })}
        />
      </search>
      <Answer query={people} what="whom it knows">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title={search === undefined ? 'Nobody yet' : 'Nobody matches'}>
              {search === undefined && 'Whoever signs in through it, or is brought by SCIM, is listed here.'}
            </Nothing>
          ) : (
            <>
              <DataTable
                caption={`Whom ${name} knows`}
                rows={answer.items}
                rowKey={person => person.id}
                columns={mayLink ? [...columns, unlinkFrom(id)] : columns}
              />
              <Pager search={place} answer={answer} what="people" go={next => go({ ...kept, ...next })} />
            </>
          )
        }
      </Answer>
      {mayLink && <LinkPerson id={id} name={name} />}
    </Section>
  )
}

const columns: readonly Column<Known>[] = [
  {
    name: 'Person',
    width: '30%',
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
  {
    name: 'Known to it as',
    cell: ({ subject }) =>
      subject === undefined ? (
        <span className="quiet">by their user name, the next time they sign in</span>
      ) : (
        <code style={{ overflowWrap: 'anywhere' }}>{subject}</code>
      ),
  },
  { name: 'Came', width: '20%', cell: ({ isManaged }) => (isManaged ? 'made by it' : 'linked to it') },
]

function unlinkFrom(provider: number): Column<Known> {
  return {
    name: 'Unlink',
    width: '16%',
    cell: person =>
      person.isManaged ? <span className="quiet small">it made them</span> : <Unlink id={provider} person={person} />,
  }
}

function Unlink({ id, person }: { readonly id: number; readonly person: Known }) {
  const [isAsked, setAsked] = useState(false)
  const unlink = useWrite(() => hg.identityProviders.unlink({ params: { id, userId: person.id } }))
  return (
    <>
      <Button
        size="compact-xs"
        {...(isAsked ? { color: 'red.9' } : { variant: 'default' })}
        aria-label={isAsked ? `Unlink ${person.name} for good` : `Unlink ${person.name}`}
        loading={unlink.isPending}
        onClick={() => (isAsked ? unlink.mutate() : setAsked(true))}
      >
        {isAsked ? 'What it said of them goes' : 'Unlink'}
      </Button>
      <Refusal error={unlink.error} />
    </>
  )
}

function LinkPerson({ id, name }: { readonly id: number; readonly name: string }) {
  const [subject, setSubject] = useState('')
  const link = useWrite(
    (userId: number) =>
      hg.identityProviders.link({
        params: { id, userId },
        body: subject.trim() === '' ? {} : { subject: subject.trim() },
      }),
    () => setSubject(''),
  )
  return (
    <details>
      <summary>Link somebody who is here already</summary>
      <TextInput
        label={`What ${name} calls them`}
        description="The sub claim of its tokens. Left empty, whoever comes with their user name the next time is them."
        maw="32rem"
        spellCheck={false}
        value={subject}
        onChange={event => setSubject(event.currentTarget.value)}
      />
      <FindChoice what="person" verb="Link them" find={findPeople} onPick={person => link.mutate(person.id)} />
      <Refusal error={link.error} />
    </details>
  )
}
