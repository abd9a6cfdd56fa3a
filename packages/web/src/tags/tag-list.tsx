/** The catalogue of tags: what policies and domains go by, made and deleted by governors. */
import { api, type Tag } from '@headgate/core/api'
import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { type Column, DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import forms from '../ui/form.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Page, Section } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'
import { WriteForm } from '../ui/write-form.tsx'
import { readTagSearch } from './search.ts'

const route = getRouteApi('/shell/tags')

export function TagList() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const governs = mayCall(useMe(), api.tags.create)
  const { at: _, page: __, ...kept } = search
  const text = search.search === undefined ? {} : { search: search.search }
  const query = { limit: pageSize, ...pageOf(search), ...text }
  const tags = useQuery({
    ...listQuery,
    queryKey: ['tags', query],
    queryFn: () => hg.tags.list({ query }),
  })
  const onSearch = useCallback(
    (wanted: string | undefined) =>
      void navigate({
        to: '/tags',
        search: ({ sort }) => readTagSearch({ sort, search: wanted }),
        replace: true,
      }),
    [navigate],
  )
  return (
    <Page
      title="Tags"
      above={<Link to="/data-sources">Data sources</Link>}
      lead="Policies and domains go by them. A dot makes a child: whoever says Finance means Finance.Payroll as well."
    >
      <search className={filters.filters}>
        <SearchField label="Search by name" value={search.search} onChange={onSearch} />
      </search>
      <Answer query={tags} what="the tags">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title={search.search === undefined ? 'No tag yet' : 'No tag matches'} />
          ) : (
            <>
              <DataTable
                caption="Tags"
                rows={answer.items}
                rowKey={({ name }) => name}
                stale={tags.isPlaceholderData}
                sorting={{
                  by: search.sort ?? 'name',
                  onSort: sort =>
                    void navigate({ to: '/tags', search: readTagSearch({ ...text, sort }), replace: true }),
                }}
                columns={governs ? [...columns, remove] : columns}
              />
              <Pager
                search={search}
                answer={answer}
                what="tags"
                go={place => void navigate({ to: '/tags', search: { ...kept, ...place } })}
              />
            </>
          )
        }
      </Answer>
      {governs && <NewTag />}
    </Page>
  )
}

const columns: readonly Column<Tag>[] = [
  {
    name: 'Name',
    width: '34%',
    sort: 'name',
    cell: ({ name }) => (
      <Link to="/data-sources" search={{ tag: name }}>
        {name}
      </Link>
    ),
  },
  { name: 'Description', cell: ({ description }) => description || <span className="quiet">none</span> },
  { name: 'On', width: '20%', sort: '-dataSources', cell: ({ dataSources }) => counted(dataSources, 'data source') },
]

const remove: Column<Tag> = { name: 'Delete', width: '16%', cell: tag => <Remove tag={tag} /> }

/** What uses it is named by the server, which refuses. */
function Remove({ tag: { name, dataSources } }: { readonly tag: Tag }) {
  const write = useWrite(() => hg.tags.remove({ params: { name } }))
  if (dataSources > 0) return <span className="quiet small">in use</span>
  return (
    <>
      <Button
        variant="default"
        size="compact-xs"
        aria-label={`Delete ${name}`}
        loading={write.isPending}
        onClick={() => write.mutate()}
      >
        Delete
      </Button>
      <Refusal error={write.error} />
    </>
  )
}

function NewTag() {
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const create = useWrite(
    () => hg.tags.create({ body: { name: name.trim(), description } }),
    () => {
      setName('')
      setDescription('')
    },
  )
  return (
    <Section title="New tag">
      <WriteForm write={create} verb="Create it" disabled={name.trim() === ''}>
        <TextInput
          label="Name"
          description="It stays; its parents are made with it."
          placeholder="Finance.Payroll"
          value={name}
          onChange={event => setName(event.currentTarget.value)}
        />
        <TextInput
          label="Description"
          className={forms.wide}
          value={description}
          onChange={event => setDescription(event.currentTarget.value)}
        />
      </WriteForm>
    </Section>
  )
}
